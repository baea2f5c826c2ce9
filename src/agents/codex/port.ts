import path from 'node:path'
import type { AgentCore } from '../agent-core.ts'
import { optionsIn, versionIn } from '../probe-words.ts'
import { refusalOf } from '../refusal.ts'
import { isUuid } from '../session-file.ts'
import { sessionIn } from '../session-place.ts'
import { codexArguments, codexEnvironment, codexStdin, instructionsRefusal } from './arguments.ts'
import { homeOf } from './home.ts'
import { codexNotes, hasRollout } from './notes.ts'
import { isLoggedIn, modelsOf } from './probe.ts'
import { readCodex } from './reader.ts'

/**
 * OpenAI's `codex exec` behind the port. A name that is no UUID would begin a new session without a word, so it is no session.
 * @param isRun whether an argv is a run of codex
 */
export function codexAgent(isRun: AgentCore['isRun']): AgentCore {
  const known: Omit<AgentCore, 'refusalOf'> = {
    name: 'codex',
    can: { resume: true, system: true, model: true },
    // Of tokens its output tells at the end alone, its session as soon as its model has answered; it knows no prices.
    tells: { tokens: true, cost: false },
    notes: codexNotes,
    stop: { signal: 'SIGINT', graceMs: 5000 },
    probe: {
      version: ['--version'],
      help: ['exec', '--help'],
      login: ['login', 'status'],
      models: ['debug', 'models'],
    },
    takesTools: true,
    command: (task) => ({
      argv: codexArguments(task),
      stdin: codexStdin(task),
      env: codexEnvironment(task),
      files: {},
    }),
    read: readCodex,
    isRun,
    isSession: isUuid,
    sessionExists: (id, env) => isUuid(id) && hasRollout(id, env),
    // Its databases hold a few lines of every session, and stay.
    sessionPlaces: (env) => [
      {
        dir: path.join(homeOf(env), 'sessions'),
        depth: 3,
        sessionOf: sessionIn(/^rollout-.*-([0-9a-f-]{36})\.jsonl$/, isUuid),
      },
    ],
    versionOf: versionIn,
    isLoggedIn,
    modelsOf,
    optionsKnown: optionsIn,
  }
  return { ...known, refusalOf: (task) => refusalOf(known, task) ?? instructionsRefusal(task) }
}
