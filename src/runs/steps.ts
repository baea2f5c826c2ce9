import { createListeners } from '../base/listeners.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunProgress, RunRecord } from '../record/run-record.ts'

/**
 * The steps of a run that others may want to know of, in their order. A run may leave some out; it ends once, but that one that is
 * parked may be stopped after that. `held`: it met the usage limit of its agent, whose runs are held from then on. `silent`: it gives
 * no sign of life, or does again. `near`: it has used most of its budget.
 */
export const STEPS = [
  'requested',
  'announced',
  'stopped',
  'launched',
  'silent',
  'near',
  'ended',
  'held',
] as const
/** A step of a run. */
export type Step = (typeof STEPS)[number]

/** A step that has just been put on the record. */
export interface RunStep {
  readonly step: Step
  /** The run as it stands after the step. */
  readonly run: RunRecord
}

/** Takes steps. It must not throw, and must not wait. */
export type StepListener = (step: RunStep) => void

/** Tells steps of all runs as they happen. */
export interface Steps {
  /** Listens from now on; call what it returns to stop. */
  subscribe(listener: StepListener): () => void
}

/**
 * The same ledger, whose steps are told to listeners as soon as they are recorded, or wait to be: whatever is on the record
 * is told, as it stands there, and nothing else.
 */
export function observeLedger(ledger: Ledger): { readonly ledger: Ledger; readonly steps: Steps } {
  const listeners = createListeners<RunStep>()

  function look(runId: string): RunRecord | null {
    try {
      return ledger.find(runId)
    } catch {
      // Nobody may hear of it then, but a run must not fail of being told.
      return null
    }
  }

  function tell(step: Step, runId: string): void {
    if (listeners.isEmpty()) return
    const run = look(runId)
    if (run) listeners.tell({ step, run })
  }

  return {
    steps: { subscribe: listeners.subscribe },
    ledger: {
      ...ledger,
      begin(intent) {
        ledger.begin(intent)
        tell('requested', intent.runId)
      },
      enqueue(intent, wait) {
        ledger.enqueue(intent, wait)
        tell('requested', intent.runId)
      },
      goOn(runId, intent, wait) {
        ledger.goOn(runId, intent, wait)
        tell('requested', intent.runId)
      },
      abandon(runId, cause) {
        const isAbandoned = ledger.abandon(runId, cause)
        if (isAbandoned) tell('ended', runId)
        return isAbandoned
      },
      tellHold(hold) {
        ledger.tellHold(hold)
        tell('held', hold.runId)
      },
      step(runId, progress) {
        ledger.step(runId, progress)
        const step = stepOf(progress)
        if (step) tell(step, runId)
      },
      finish(runId, finish, written) {
        // A run ends once: what would end it again changes nothing on the record, and is not told.
        const isLive = look(runId)?.outcome === null
        ledger.finish(runId, finish, written)
        if (isLive) tell('ended', runId)
      },
    },
  }
}

/** Which step a progress means; null for one that only adds detail. */
function stepOf({ announcedAt, stoppedAt, launchedAt, silentSince, nearAt }: RunProgress): Step | null {
  if (announcedAt !== undefined) return 'announced'
  if (stoppedAt !== undefined) return 'stopped'
  if (launchedAt !== undefined) return 'launched'
  if (nearAt !== undefined) return 'near'
  return silentSince === undefined ? null : 'silent'
}
