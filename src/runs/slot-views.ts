import type { Ledger } from '../record/ledger.ts'
import type { Occupant } from './slot.ts'
import type { SlotAnswer } from './slot-schemas.ts'
import type { SlotState } from './slots.ts'
import { summaryOf } from './views.ts'

/** A slot in the API's words. */
export function slotAnswer(
  { slot, occupant, waiting, live }: SlotState,
  ledger: Pick<Ledger, 'find'>,
): SlotAnswer {
  // A survivor of a stop may live beside it.
  const run = live.at(-1)
  const record = run ? ledger.find(run.runId) : null
  return {
    slot,
    run: record && summaryOf(record),
    launch: occupant && { ...launchOf(occupant), step: occupant.step },
    waiting: waiting ? [launchOf(waiting)] : [],
  }
}

const launchOf = ({ requestId, runId, since }: Readonly<Occupant>) => ({
  request_id: requestId,
  run_id: runId,
  since: new Date(since).toISOString(),
})
