import type { Part } from '../../settings/part.ts'
import type { Agent, AgentPlugin } from '../agent.ts'
import { codex as standard } from './codex.ts'
import { codexSettings } from './settings.ts'

const settings: Part<Agent> = {
  ...codexSettings,
  read(reading) {
    const configured = codexSettings.read(reading)
    return { ...standard, program: { ...standard.program, configured } }
  },
}

/** OpenAI's `codex exec`, with the program that the settings name. */
export const codex: AgentPlugin = { settings }
