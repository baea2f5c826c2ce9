import { stripVTControlCharacters } from 'node:util'
import type { AgentCore } from '../agent-core.ts'
import { optionsIn, versionIn } from '../probe-words.ts'
import { programWords } from '../program-name.ts'
import { refusalOf } from '../refusal.ts'
import { opencodeCommand } from './command.ts'
import { opencodePlaces, opencodeStore } from './data.ts'
import { readOpencode } from './reader.ts'
import { isOpencodeSession } from './session.ts'

const MODEL = /^[\w.-]+\/\S+$/

/** `opencode run`. It has no sandbox. */
const known: Omit<AgentCore, 'refusalOf'> = {
  name: 'opencode',
  can: { resume: true, system: true, model: true },
  namesProviders: true,
  // After each call of a model; what it costs where the model has a price.
  tells: { tokens: true, cost: true },
  // It dies of every signal, and its tools live on: they are found by their cookie.
  stop: { signal: 'SIGINT', graceMs: 1000 },
  probe: { version: ['--version'], help: ['run', '--help'], login: ['auth', 'list'], models: ['models'] },
  takesTools: true,
  command: opencodeCommand,
  read: readOpencode,
  tellsCallsLate: true,

  isRun(argv) {
    const [program, command] = programWords(argv)
    return program === 'opencode' && command === 'run'
  },

  isSession: isOpencodeSession,

  /** Its sessions are in a database whose form is its own. */
  sessionExists: (id) => (isOpencodeSession(id) ? null : false),

  sessionPlaces: opencodePlaces,
  sessionStore: opencodeStore,

  versionOf: versionIn,

  /** Without a login it has models of its own, and those of the owner's settings. */
  isLoggedIn(output) {
    const count = /\b(\d+) (?:credential|environment variable)s?\b/g
    const counts = [...stripVTControlCharacters(output).matchAll(count)].map((found) => Number(found[1]))
    return counts.some((logins) => logins > 0) ? true : null
  },

  modelsOf: (output) => output.split('\n').filter((line) => MODEL.test(line)),
  optionsKnown: optionsIn,
}

export const opencode: AgentCore = { ...known, refusalOf: (task) => refusalOf(known, task) }
