import { look } from '../processes/look.ts'
import { type StopOptions, type StopReport, type StopTarget, stopTrees } from '../processes/stop.ts'
import { type Identity, lineage } from '../processes/table.ts'

/** What stopping one run's tree needs. */
export interface StopTreeDeps extends Omit<StopOptions, 'spare'> {
  /** The cookie that the service itself carries, where it runs inside a run; that tree is not ours to sweep. */
  readonly ownCookie: string | null
}

/** An agent with its cookie as something to be stopped; where the service itself carries that one, without. */
export function targetOf(cookie: string | null, agent: Identity, ownCookie: string | null): StopTarget {
  return { identity: agent, cookie: cookie === ownCookie ? null : cookie }
}

/** Stops a run's agent, if it lives, with everything it started. Never the service or its ancestors. */
export async function stopTree(runId: string, agent: Identity, deps: StopTreeDeps): Promise<StopReport> {
  const spare = await look(deps.clock, () => lineage(deps.table, process.pid))
  return stopTrees([targetOf(runId, agent, deps.ownCookie)], { ...deps, spare })
}
