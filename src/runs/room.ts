import { LooperError } from '../base/errors.ts'

/** What a launch would take of what all slots share. */
export interface Wanted {
  readonly slot: string
  /** A real path. */
  readonly workspace: string
  /** Whether it may work beside others that may, too. */
  readonly sharesWorkspace: boolean
  /** That it does not work there itself; left out or null: it does. */
  readonly isolation?: object | null
}

/** What a run takes of it, from the moment its launch begins. */
export interface Footprint extends Wanted {
  readonly runId: string
}

/**
 * Why a run may not begin beside what is in other slots: `LOOPER_MAX_RUNS` or `LOOPER_WORKSPACE_BUSY`; null where it may. What
 * is in its own slot it replaces. Pure.
 * @param maxRuns so many slots may have a run at a time
 */
export function noRoom(wanted: Wanted, present: readonly Footprint[], maxRuns: number): LooperError | null {
  const others = present.filter(({ slot }) => slot !== wanted.slot)
  const beside = others.find(
    ({ workspace, sharesWorkspace, isolation }) =>
      workspace === wanted.workspace &&
      !(sharesWorkspace && wanted.sharesWorkspace) &&
      !(isolation || wanted.isolation),
  )
  if (beside) {
    const { runId, slot, workspace } = beside
    const remedy = 'stop it, use another workspace, or set share_workspace in both requests'
    return new LooperError(
      'LOOPER_WORKSPACE_BUSY',
      `run ${runId} in slot "${slot}" works in ${workspace}: ${remedy}`,
    )
  }
  const slots = new Set(others.map(({ slot }) => slot))
  if (slots.size < maxRuns) return null
  return new LooperError(
    'LOOPER_MAX_RUNS',
    `${slots.size} other slots have a run (${[...slots].join(', ')}), and LOOPER_MAX_RUNS is ${maxRuns}: stop one, or raise it`,
  )
}
