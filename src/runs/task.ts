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
  }: Pick<LaunchRequest, 'agent' | 'binary' | 'workspace' | 'prompt' | 'model' | 'system' | 'session'>,
  place: TaskPlace,
): AgentTask {
  return { ...place, binary: binary.path, workspace, prompt, model, system, session, args: agent.args }
}
