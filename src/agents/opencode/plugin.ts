import type { Part } from '../../settings/part.ts'
import type { Agent, AgentPlugin } from '../agent.ts'
import { completeAgent } from '../complete-agent.ts'
import { opencode as core } from './opencode.ts'
import { opencodeSettings } from './settings.ts'

const settings: Part<readonly Agent[]> = {
  ...opencodeSettings,
  read(reading) {
    const { binary, ...choice } = opencodeSettings.read(reading)
    const program = { name: 'opencode', configured: binary, builds: [] }
    return [completeAgent(core, { ...choice, ...REMEDIES, program })]
  },
}

const REMEDIES = {
  installRemedy: 'Install opencode, or name it with LOOPER_OPENCODE_BINARY.',
  remedies: {
    auth: 'Run "opencode auth login" as the user of the service, or fix the key of its provider.',
    network: 'Fix the network of the machine, or ask again later: the service of the model may be down.',
    context_full: 'Give it a smaller task: the conversation became longer than the model can take.',
  },
}

/** `opencode run`. */
export const opencode: AgentPlugin = { settings }
