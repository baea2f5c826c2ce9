import path from 'node:path'
import type { AgentCore } from '../agent-core.ts'
import { objectOn } from '../json-value.ts'
import { optionsIn, versionIn } from '../probe-words.ts'
import { programWords } from '../program-name.ts'
import { refusalOf } from '../refusal.ts'
import { isUuid } from '../session-file.ts'
import { type SessionPlace, sessionIn } from '../session-place.ts'
import { claudeCommand } from './arguments.ts'
import { homeOf } from './home.ts'
import { claudeNotes, hasSession } from './notes.ts'
import { readClaude } from './reader.ts'

const place = (dir: string, depth: number, pattern: RegExp): SessionPlace => ({
  dir,
  depth,
  sessionOf: sessionIn(pattern, isUuid),
})

/** Anthropic's Claude Code, `claude -p`. Its own sandbox is left as the owner set it. */
const known: Omit<AgentCore, 'refusalOf'> = {
  name: 'claude',
  can: { resume: true, system: true, model: true },
  // Its output tells both at the end of a turn; of what its calls cost until then it takes care itself.
  tells: { tokens: true, cost: true },
  notes: claudeNotes,
  // It ends its tools, and with status 0.
  stop: { signal: 'SIGINT', graceMs: 5000 },
  // It lists no models: the aliases opus, sonnet and haiku are always the newest ones.
  probe: { version: ['--version'], help: ['--help'], login: ['auth', 'status'], models: null },
  takesTools: true,
  command: claudeCommand,
  read: readClaude,

  isRun(argv) {
    const [program, ...words] = programWords(argv)
    return program === 'claude' && words.some((word) => word === '-p' || word === '--print')
  },

  isSession: isUuid,

  /** A session can be gone on in from any directory. */
  sessionExists: (id, env) => isUuid(id) && hasSession(id, env),

  sessionPlaces(env) {
    const home = homeOf(env)
    return [
      place(path.join(home, 'projects'), 1, /^([0-9a-f-]{36})(?:\.jsonl)?$/),
      place(path.join(home, 'file-history'), 0, /^([0-9a-f-]{36})$/),
      place(path.join(home, 'session-env'), 0, /^([0-9a-f-]{36})$/),
      place(path.join(home, 'tasks'), 0, /^([0-9a-f-]{36})$/),
      place(path.join(home, 'todos'), 0, /^([0-9a-f-]{36})-agent-[0-9a-f-]{36}\.json$/),
      place(path.join(home, 'telemetry'), 0, /^1p_failed_events\.([0-9a-f-]{36})\..*\.json$/),
    ]
  },

  versionOf: versionIn,

  isLoggedIn(output) {
    const { loggedIn } = objectOn(output.trim()) ?? {}
    return typeof loggedIn === 'boolean' ? loggedIn : null
  },

  modelsOf: () => [],
  optionsKnown: optionsIn,
}

export const claude: AgentCore = { ...known, refusalOf: (task) => refusalOf(known, task) }
