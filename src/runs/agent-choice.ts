import type { Agent } from '../agents/agent.ts'
import { type Agents, agentNamed } from '../agents/agents.ts'
import { LooperError } from '../base/errors.ts'
import type { RunRecord } from '../record/run-record.ts'

/** What a request says of its agent; null where it says nothing. */
export interface AgentWish {
  readonly agent: string | null
  readonly model: string | null
  readonly system: string | null
  /** The id of the run in whose session to go on. */
  readonly resume: string | null
}

/** Nothing was said. */
export const NO_WISH: AgentWish = { agent: null, model: null, system: null, resume: null }

/** Which agent a run is of, and how it begins. */
export interface AgentChoice {
  readonly agent: Agent
  /** Null: the agent's own choice. */
  readonly model: string | null
  readonly system: string | null
  /** The session to go on in, as the agent calls it. */
  readonly session: string | null
}

/** Where earlier runs are found, and with which environment their sessions are looked for. */
export interface ChoiceDeps {
  readonly agents: Agents
  readonly findRun: (
    runId: string,
  ) => Pick<RunRecord, 'agent' | 'sessionId' | 'workspace' | 'worktree'> | null
  readonly agentEnv: () => NodeJS.ProcessEnv
}

/**
 * Chooses the agent of a run. A session that is not there is refused: agents themselves silently begin a new one.
 * @throws {LooperError} `LOOPER_AGENT_UNKNOWN`, `LOOPER_RUN_NOT_FOUND`, `LOOPER_RESUME_REFUSED`
 */
export function chooseAgent({ agent, model, system, resume }: AgentWish, deps: ChoiceDeps): AgentChoice {
  const named = agent === null ? null : agentOf(agent, deps.agents)
  if (resume === null) {
    const chosen = named ?? deps.agents.standard
    return { agent: chosen, model: model ?? chosen.model, system, session: null }
  }
  const run = deps.findRun(resume)
  if (run === null) throw new LooperError('LOOPER_RUN_NOT_FOUND', "'resume': there is no run of this id")
  const chosen = named ?? agentOf(run.agent, deps.agents)
  const refuse = (why: string) =>
    new LooperError('LOOPER_RESUME_REFUSED', `cannot resume run ${resume}: ${why}`)
  if (chosen.name !== run.agent) throw refuse(`it is of ${run.agent}, not of ${chosen.name}`)
  const { sessionId } = run
  if (sessionId === null) throw refuse('no session of it is known')
  const { workspace } = run.worktree ?? run
  if (chosen.sessionExists(sessionId, deps.agentEnv(), workspace) === false)
    throw refuse(`its session ${sessionId} is gone`)
  return { agent: chosen, model: model ?? chosen.model, system, session: sessionId }
}

function agentOf(name: string, agents: Agents): Agent {
  const found = agentNamed(agents, name)
  if (found) return found
  const names = agents.all.map((agent) => agent.name).join(', ')
  throw new LooperError(
    'LOOPER_AGENT_UNKNOWN',
    `there is no agent "${name.slice(0, 64)}"; there are: ${names}`,
  )
}
