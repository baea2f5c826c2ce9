import { findAgents, type ResetDeps, type SlotRuns } from './reset.ts'

/** Why nothing new may be launched beside what there is: a launch under way, a live agent, or a run whose turn is next. */
export type Obstacle = 'busy' | 'live' | 'waiting'

/** What callers are told of an obstacle. */
export const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  busy: 'another launch is in progress',
  live: 'an agent is running',
  waiting: 'another run waits for the slot',
}

/** The agents that live, and what stands in the way of a new one. */
export interface Occupation {
  readonly obstacle: Obstacle | null
  readonly agents: readonly number[]
}

/** What lives in a slot, whoever holds it. Looks at the process table. */
export async function lookAt(runs: SlotRuns, deps: ResetDeps): Promise<Occupation> {
  const { agents } = await findAgents(deps, runs)
  // A run whose agent is gone may still be swept, and its end is not on the record yet.
  return { obstacle: agents.length > 0 || runs.own.length > 0 ? 'live' : null, agents }
}
