import type { Agent } from '../../../agents/agent.ts'
import type { Agents } from '../../../agents/agents.ts'
import { type ProgramPlaces, resolveBinary } from '../../../agents/binary.ts'
import { type LoopDefinition, UNLIMITED } from '../loop.ts'

const SYSTEM =
  'You work in iterations, each in a new session: only the persistent memory goes with you from one to the next. ' +
  'The working memory holds what this iteration alone is told.'
const MODEL = 'anthropic/claude-sonnet-4-20250514'

/**
 * What the loop is before anybody said anything of it. Users of Loop Runner name models with their providers: its agent is
 * one that knows such names, where its program is there, else that of the settings.
 */
export function firstDefinition(agents: Agents, places: ProgramPlaces): LoopDefinition {
  const agent = agents.all.find((one) => one.namesProviders && isThere(one, places)) ?? agents.standard
  return {
    agent: agent.name,
    // The owner's choice goes before theirs.
    model: agent.namesProviders && agent.model === null ? MODEL : null,
    system: SYSTEM,
    user: 'analyze and act',
    interval_seconds: 5,
    max_iterations: UNLIMITED,
  }
}

function isThere({ program }: Agent, places: ProgramPlaces): boolean {
  try {
    resolveBinary(null, { ...places, ...program })
    return true
  } catch {
    return false
  }
}
