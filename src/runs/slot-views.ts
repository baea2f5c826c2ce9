import type { Ledger } from '../record/ledger.ts'
import type { ListedRun } from '../record/run-record.ts'
import type { SlotQueue } from '../record/waiting.ts'
import type { Runs } from './runs.ts'
import type { Occupant } from './slot.ts'
import type { SlotAnswer } from './slot-schemas.ts'
import type { SlotState } from './slots.ts'
import { summaryOf } from './views.ts'

/** All slots in which something runs, is launched or waits, the default one first. */
export function slotAnswers(
  runs: Pick<Runs, 'slots'>,
  ledger: Pick<Ledger, 'listed' | 'slotQueues'>,
): SlotAnswer[] {
  const queues = new Map(ledger.slotQueues().map((queue) => [queue.slot, queue]))
  const states = runs.slots()
  // A survivor of a stop may live beside the last one.
  const lastIn = ({ live }: SlotState) => live.at(-1)?.runId ?? ''
  const records = new Map(ledger.listed(states.map(lastIn)).map((record) => [record.runId, record]))
  const others = [...queues.keys()].filter((name) => !states.some(({ slot }) => slot === name))
  const idle = others.map((slot) => ({ slot, occupant: null, waiting: null, taken: false, live: [] }))
  return [...states, ...idle].map((state) => {
    return slotAnswer(state, records.get(lastIn(state)), queues.get(state.slot) ?? NOTHING)
  })
}

const NOTHING = { count: 0, first: [] }

/**
 * A slot in the API's words.
 * @param count so many wait for it on the record, of which these are the first; `GET /queue` tells more
 */
function slotAnswer(
  { slot, occupant, waiting }: SlotState,
  record: ListedRun | undefined,
  { count, first }: Pick<SlotQueue, 'count' | 'first'>,
): SlotAnswer {
  /* c8 ignore next: one whose turn has come waits by the record until it is launched, a moment */
  const rest = first.filter(({ runId }) => runId !== occupant?.runId)
  return {
    slot,
    run: record ? summaryOf(record) : null,
    launch: occupant && { ...launchOf(occupant), step: occupant.step },
    waiting: [
      ...(waiting ? [launchOf(waiting)] : []),
      ...rest.map(({ requestId, runId, requestedAt: since }) => launchOf({ requestId, runId, since })),
    ],
    waiting_count: count - (first.length - rest.length) + (waiting ? 1 : 0),
  }
}

const launchOf = ({ requestId, runId, since }: Pick<Occupant, 'requestId' | 'runId' | 'since'>) => ({
  request_id: requestId,
  run_id: runId,
  since: new Date(since).toISOString(),
})
