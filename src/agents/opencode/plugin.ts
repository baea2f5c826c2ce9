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
    const installRemedy = 'Install opencode, or name it with LOOPER_OPENCODE_BINARY.'
    return [completeAgent(core, { ...choice, program, installRemedy })]
  },
}

/** `opencode run`. */
export const opencode: AgentPlugin = { settings }
