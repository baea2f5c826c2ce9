import type { AgentPlugin } from '../agent.ts'
import { completePlugin } from '../complete-agent.ts'
import { opencode as core } from './opencode.ts'
import { opencodeSettings } from './settings.ts'

/** `opencode run`. */
export const opencode: AgentPlugin = completePlugin(core, opencodeSettings, 'LOOPER_OPENCODE_BINARY')
