import type { Part } from '../../settings/part.ts'
import type { Agent, AgentPlugin } from '../agent.ts'
import { completeAgent } from '../complete-agent.ts'
import { claude as core } from './claude.ts'
import { claudeSettings } from './settings.ts'

const settings: Part<readonly Agent[]> = {
  ...claudeSettings,
  read(reading) {
    const { binary, ...choice } = claudeSettings.read(reading)
    const program = { name: 'claude', configured: binary, builds: [] }
    const installRemedy = 'Install claude, or name it with LOOPER_CLAUDE_BINARY.'
    return [completeAgent(core, { ...choice, program, installRemedy })]
  },
}

/** Anthropic's `claude -p`. */
export const claude: AgentPlugin = { settings }
