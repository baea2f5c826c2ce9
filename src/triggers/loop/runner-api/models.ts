import type { Agent } from '../../../agents/agent.ts'
import type { Agents } from '../../../agents/agents.ts'
import type { ProgramPlaces } from '../../../agents/binary.ts'
import { type ListedModels, listModels } from '../../../agents/probe.ts'
import type { Clock } from '../../../base/clock.ts'
import { type Static, Type } from '../../../base/schema.ts'
import { runnerModel } from './model.ts'

/** The models that there are. */
export const RunnerModels = Type.Array(
  Type.Object({ providerID: Type.String(), modelID: Type.String(), name: Type.String() }),
  { description: 'Those of connected providers first; empty where none can be listed.' },
)
/** The models that there are. */
export type RunnerModels = Static<typeof RunnerModels>

/** What listing them takes. */
export interface ModelsDeps {
  readonly agents: Agents
  readonly places: ProgramPlaces
  agentEnv(): NodeJS.ProcessEnv
  readonly clock: Pick<Clock, 'monotonic'>
}

/** To list them takes seconds and half a gigabyte, and pages ask at each load. */
const FRESH_MS = 60_000

/**
 * Lists the models of all agents by their own programs, of which nothing is left running: as they were within the last minute.
 * It never rejects.
 */
export function createModels({ agents, places, agentEnv, clock }: ModelsDeps): () => Promise<RunnerModels> {
  let last: { readonly at: number; readonly listed: Promise<RunnerModels> } | null = null

  async function list(): Promise<RunnerModels> {
    const env = agentEnv()
    const listed = agents.all.map(async (agent) => ranked(agent, await listModels(agent, places, env)))
    return (await Promise.all(listed))
      .flat()
      .sort((one, other) => one.rank - other.rank)
      .map(({ model }) => ({ ...model, name: model.modelID }))
  }

  return () => {
    const now = clock.monotonic()
    if (last === null || now - last.at >= FRESH_MS) last = { at: now, listed: list() }
    return last.listed
  }
}

/** With what is connected first, for users of Loop Runner by providers of their own, then what needs a login. */
function ranked(agent: Agent, { models, isLoggedIn }: ListedModels) {
  return models.map((name) => {
    const model = runnerModel(agent, name)
    // An agent that names providers lists those that are connected; beside them what it has without a login.
    const isOwn = model.providerID === agent.name
    const rank = agent.namesProviders ? Number(isOwn) : 2 + Number(isLoggedIn === false)
    return { model, rank }
  })
}
