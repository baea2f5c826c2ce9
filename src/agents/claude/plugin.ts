import type { AgentPlugin } from '../agent.ts'
import { completePlugin } from '../complete-agent.ts'
import { claude as core } from './claude.ts'
import { claudeSettings } from './settings.ts'

/** Anthropic's `claude -p`. */
export const claude: AgentPlugin = completePlugin(core, claudeSettings, 'LOOPER_CLAUDE_BINARY')
