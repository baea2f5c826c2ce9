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
    return [completeAgent(core, { ...choice, ...REMEDIES, program })]
  },
}

const REMEDIES = {
  installRemedy: 'Install claude, or name it with LOOPER_CLAUDE_BINARY.',
  remedies: {
    auth: 'Run "claude /login" as the user of the service, or fix its API key.',
    network: 'Fix the network of the machine, or ask again later: the service of the model may be down.',
    context_full: 'Give it a smaller task: the conversation became longer than the model can take.',
  },
}

/** Anthropic's `claude -p`. */
export const claude: AgentPlugin = { settings }
