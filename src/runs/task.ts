import type { AgentTask } from '../agents/agent-core.ts'
import type { LaunchRequest } from './run.ts'

/** Where a run is, as its agent is told. */
export interface TaskPlace {
  readonly runId: string
  /** The run's own folder. */
  readonly dir: string
}

/** Stands for a run that has no id yet. */
export const TO_COME: TaskPlace = { runId: '<run_id>', dir: '<run_dir>' }

/** What a launch hands to its agent. */
export function taskOf(
  {
    agent,
    binary,
    workspace,
    prompt,
    model,
    system,
    session,
    budget,
  }: Pick<
    LaunchRequest,
    'agent' | 'binary' | 'workspace' | 'prompt' | 'model' | 'system' | 'session' | 'budget'
  >,
  place: TaskPlace,
): AgentTask {
  const maxCostUsd = budget?.maxCostUsd || null
  const asked = { workspace, prompt, model, system, session, maxCostUsd }
  return { ...place, ...asked, binary: binary.path, args: agent.args }
}

/** Whether its agent is told of the tools that there are for runs. */
export const mayUseTools = ({ agent, tools = true }: Pick<LaunchRequest, 'agent' | 'tools'>): boolean =>
  tools && agent.takesTools === true
