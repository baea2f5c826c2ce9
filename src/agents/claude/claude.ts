import path from 'node:path'
import { homeDirectory } from '../../base/home.ts'
import type { AgentCore } from '../agent-core.ts'
import { objectOn } from '../json-value.ts'
import { optionsIn, versionIn } from '../probe-words.ts'
import { programWords } from '../program-name.ts'
import { refusalOf } from '../refusal.ts'
import { hasFile, isUuid } from '../session-file.ts'
import { claudeCommand } from './arguments.ts'
import { readClaude } from './reader.ts'

/** Anthropic's Claude Code, `claude -p`. Its own sandbox is left as the owner set it. */
const known: Omit<AgentCore, 'refusalOf'> = {
  name: 'claude',
  can: { resume: true, system: true, model: true },
  // It ends its tools, and with status 0.
  stop: { signal: 'SIGINT', graceMs: 5000 },
  // It lists no models: the aliases opus, sonnet and haiku are always the newest ones.
  probe: { version: ['--version'], help: ['--help'], login: ['auth', 'status'], models: null },
  command: claudeCommand,
  read: readClaude,

  isRun(argv) {
    const [program, ...words] = programWords(argv)
    return program === 'claude' && words.some((word) => word === '-p' || word === '--print')
  },

  isSession: isUuid,

  /** A session can be gone on in from any directory. */
  sessionExists(id, env) {
    const home = env.CLAUDE_CONFIG_DIR || path.join(env.HOME || homeDirectory(), '.claude')
    return isUuid(id) && hasFile(home, `projects/*/${id}.jsonl`)
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
