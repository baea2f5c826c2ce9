import { LooperError } from '../base/errors.ts'
import type { RunRecord } from '../record/run-record.ts'
import { mayWait } from './if-running.ts'
import type { IfRunning } from './run.ts'
import type { RunBody } from './run-body.ts'
import { DEFAULT_SLOT } from './slots.ts'

/** Where it is looked up what a request would go on in. */
export interface GoOnDeps {
  /** The run of this service that lives in a slot, if there is one. */
  readonly liveIn: (slot: string) => Pick<RunRecord, 'runId' | 'workspace'> | null | undefined
}

/**
 * What a request does where something runs. One that goes on in what runs names that run, and its workspace unless it says
 * another one; everything else about it is checked as for any run that is resumed.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`
 */
export function whereSomethingRuns(
  body: RunBody,
  { liveIn }: GoOnDeps,
): { readonly ifRunning: IfRunning; readonly body: RunBody } {
  const ifRunning = body.if_running ?? 'replace'
  if (ifRunning !== 'resume') return { ifRunning, body }
  const run = liveIn(body.slot ?? DEFAULT_SLOT)
  if (!run) return { ifRunning, body }
  if (body.resume && body.resume !== run.runId)
    throw new LooperError(
      'LOOPER_FIELD_INVALID',
      `'resume' names another run than the one that runs, ${run.runId}; leave it out with if_running "resume"`,
    )
  const workspace = body.workspace?.trim() ? body.workspace : run.workspace
  return { ifRunning, body: { ...body, resume: run.runId, workspace } }
}

/** @throws {LooperError} `LOOPER_FIELD_INVALID` where a request that launches nothing says how its launch is to wait or go on */
export function checkStopOnly(ifRunning: IfRunning): void {
  if (!mayWait(ifRunning) && ifRunning !== 'resume') return
  const what = `'if_running' is "${ifRunning}", but an empty prompt launches nothing; send a prompt`
  throw new LooperError('LOOPER_FIELD_INVALID', what)
}
