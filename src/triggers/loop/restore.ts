import type { Clock } from '../../base/clock.ts'
import { LooperError, messageOf } from '../../base/errors.ts'
import { repositoryOf } from '../../runs/changes/repository.ts'
import type { RequestDefaults } from '../../runs/request.ts'
import type { Runs } from '../../runs/runs.ts'
import type { FileChange } from './checkpoint-changes.ts'
import type { Checkpoints, Restored } from './checkpoints.ts'
import type { Loops } from './control.ts'
import { LOOP_CHECKPOINT_NOT_FOUND, LOOP_RESTORE_FAILED, LOOP_WORK_TREE_BUSY } from './errors.ts'
import { slotOf } from './loop.ts'
import type { LoopRecords } from './records.ts'
import { workspaceOf } from './workspace.ts'

/** The number of a round, as its newest start counts it, or the id of a checkpoint. */
export type RestorePoint = { readonly round: number } | { readonly checkpoint: string }

/** What was restored, or would be. */
export interface Restoration {
  readonly checkpoint: string
  readonly changes: readonly FileChange[]
  /** The checkpoint of what was there before; null: nothing was done. */
  readonly undo: string | null
}

/** What restoring takes. */
export interface RestoreDeps {
  readonly loops: Pick<Loops, 'named'>
  readonly records: Pick<LoopRecords, 'roundOfNumber'>
  readonly checkpoints: Pick<Checkpoints, 'compare' | 'restore'>
  readonly runs: Pick<Runs, 'launchIfIdle' | 'live'>
  readonly defaults: Pick<RequestDefaults, 'access' | 'workspace'>
  readonly clock: Pick<Clock, 'now'>
}

/**
 * Brings the work tree of a loop to what it was after a round; nothing is launched for the loop meanwhile.
 * @param isPlan only tells what it would change
 * @throws {LooperError} `LOOPER_LOOP_NOT_FOUND`, `LOOPER_CHECKPOINT_NOT_FOUND`, `LOOPER_WORK_TREE_BUSY`, `LOOPER_RESTORE_FAILED`,
 * or that the loop has no workspace that can be used
 */
export async function restoreLoop(
  name: string,
  point: RestorePoint,
  isPlan: boolean,
  deps: RestoreDeps,
): Promise<Restoration> {
  const { loops, checkpoints, runs, defaults, clock } = deps
  const { state, definition } = loops.named(name)
  const checkpoint = checkpointOf(name, point, deps)
  const workspace = workspaceOf(definition, defaults)
  if (state === 'running') throw new LooperError(LOOP_WORK_TREE_BUSY, `a round of loop ${name} runs`)
  await assertUnused(workspace, deps)
  const of = { loop: name, workspace }
  if (isPlan) return { checkpoint, changes: await telling(checkpoints.compare(of, checkpoint)), undo: null }
  const restored: Restored[] = []
  await runs.launchIfIdle(slotOf(name), async () => {
    const message = `Loop ${name}, before ${checkpoint} was restored`
    const now = { ...of, name: `restore-${clock.now()}`, message }
    restored.push(await telling(checkpoints.restore(now, checkpoint)))
    return null
  })
  const [done] = restored
  if (done === undefined)
    throw new LooperError(
      LOOP_WORK_TREE_BUSY,
      `something runs, or is being done, in the slot of loop ${name}`,
    )
  return { checkpoint, ...done }
}

function checkpointOf(name: string, point: RestorePoint, { records }: RestoreDeps): string {
  if ('checkpoint' in point) return point.checkpoint
  const round = records.roundOfNumber(name, point.round)
  if (round?.checkpoint) return round.checkpoint
  const why = round === null ? 'it had no run' : (round.checkpointError ?? 'none was to be made')
  throw new LooperError(
    LOOP_CHECKPOINT_NOT_FOUND,
    `there is no checkpoint of round ${point.round} of loop ${name}: ${why}`,
  )
}

async function assertUnused(workspace: string, { runs }: RestoreDeps): Promise<void> {
  const topOf = async (dir: string) => (await repositoryOf(dir))?.top ?? dir
  const top = await topOf(workspace)
  for (const { runId, workspace: other } of runs.live())
    if ((await topOf(other)) === top)
      throw new LooperError(LOOP_WORK_TREE_BUSY, `run ${runId} works in ${top}`)
}

/** What git says is told. */
async function telling<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (error instanceof LooperError) throw error
    throw new LooperError(LOOP_RESTORE_FAILED, messageOf(error), { cause: error })
  })
}
