import type { Agent } from '../../../agents/agent.ts'
import { type Agents, agentNamed } from '../../../agents/agents.ts'
import { LooperError } from '../../../base/errors.ts'
import { type Static, Type } from '../../../base/schema.ts'
import type { LoopDefinition } from '../loop.ts'

/** A model as Loop Runner names it: by who provides it, and its id there, which may hold a `/`. */
export const RunnerModel = Type.Object({
  providerID: Type.String({
    maxLength: 100,
    description: 'Its provider; of an agent whose models have none, the name of the agent.',
  }),
  modelID: Type.String({ maxLength: 200, description: 'Its id there; empty: the choice of the agent.' }),
})
/** A model as Loop Runner names it. */
export type RunnerModel = Static<typeof RunnerModel>

/** Who works for a loop, in our words. */
export type Worker = Pick<LoopDefinition, 'agent' | 'model'>

const LONGEST_MODEL = 200

/** A model of an agent in Loop Runner's words. Pure. */
export function runnerModel(agent: Pick<Agent, 'name' | 'namesProviders'>, model: string): RunnerModel {
  const slash = agent.namesProviders ? model.indexOf('/') : -1
  if (slash < 1) return { providerID: agent.name, modelID: model }
  return { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) }
}

/** The model of a loop in Loop Runner's words. Pure. */
export function modelOf({ agent: wanted, model }: Worker, agents: Agents): RunnerModel {
  const name = wanted ?? agents.standard.name
  const agent = agentNamed(agents, name)
  return runnerModel(agent ?? { name }, model ?? agent?.model ?? '')
}

/**
 * The agent and its model that somebody chose in Loop Runner's words. Pure.
 * @throws {LooperError} `LOOPER_FIELD_INVALID` where no agent takes it
 */
export function workerOf({ providerID, modelID }: RunnerModel, agents: Agents): Worker {
  const named = agentNamed(agents, providerID)
  if (named && (!named.namesProviders || modelID === ''))
    return { agent: providerID, model: modelID === '' ? null : modelID }
  const agent = agents.all.find(({ namesProviders }) => namesProviders)
  if (agent === undefined)
    throw wrong(`no agent takes models of the provider '${providerID}'; GET /api/models lists the models`)
  const model = `${providerID}/${modelID}`
  if (providerID === '' || modelID === '' || model.length > LONGEST_MODEL)
    throw wrong(`'model' must name a provider and a model, of at most ${LONGEST_MODEL} characters`)
  return { agent: agent.name, model }
}

const wrong = (what: string) => new LooperError('LOOPER_FIELD_INVALID', what)
