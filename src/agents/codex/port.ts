import path from 'node:path'
import { homeDirectory } from '../../base/home.ts'
import type { AgentCore } from '../agent-core.ts'
import { optionsIn, versionIn } from '../probe-words.ts'
import { refusalOf } from '../refusal.ts'
import { hasFile, isUuid } from '../session-file.ts'
import { codexArguments, codexStdin, instructionsRefusal } from './arguments.ts'
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
    stop: { signal: 'SIGINT', graceMs: 5000 },
    probe: {
      version: ['--version'],
      help: ['exec', '--help'],
      login: ['login', 'status'],
      models: ['debug', 'models'],
    },
    command: (task) => ({ argv: codexArguments(task), stdin: codexStdin(task), env: {}, files: {} }),
    read: readCodex,
    isRun,
    isSession: isUuid,
    sessionExists(id, env) {
      const home = env.CODEX_HOME || path.join(env.HOME || homeDirectory(), '.codex')
      return isUuid(id) && hasFile(home, `sessions/*/*/*/rollout-*-${id}.jsonl`)
    },
    versionOf: versionIn,
    isLoggedIn,
    modelsOf,
    optionsKnown: optionsIn,
  }
  return { ...known, refusalOf: (task) => refusalOf(known, task) ?? instructionsRefusal(task) }
}
