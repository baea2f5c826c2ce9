import type { Part } from '../../settings/part.ts'
import type { Agent, AgentPlugin } from '../agent.ts'
import { codex as standard } from './codex.ts'
import { codexSettings } from './settings.ts'

const settings: Part<readonly Agent[]> = {
  ...codexSettings,
  read(reading) {
    const { binary, model, args } = codexSettings.read(reading)
    return [{ ...standard, program: { ...standard.program, configured: binary }, model, args }]
  },
}

/** OpenAI's `codex exec`. */
export const codex: AgentPlugin = { settings }
