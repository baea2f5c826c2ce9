import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { sleepUnless } from '../base/news.ts'
import type { Ledger } from '../record/ledger.ts'
import type { WaitingRun } from '../record/waiting.ts'
import { isPassing } from './if-running.ts'
import type { RunRequest } from './run.ts'
import type { Runs } from './runs.ts'

/** What the queue works with. */
export interface QueueOptions {
  readonly runs: Pick<Runs, 'next' | 'changed'>
  readonly ledger: Pick<Ledger, 'waitingSlots'>
  /** Makes the request of a run that waits again, and checks it anew. @throws {LooperError} where it cannot work any more */
  readonly prepare: (waiting: WaitingRun) => Promise<RunRequest>
  /** What is looked at before the slots are; tells when to look again, in milliseconds, null: at a change. */
  readonly first?: () => number | null
  readonly clock: Clock
  readonly logger: Logger
}

/** The end of an agent that this service did not launch is told by nobody. */
const STRANGER_POLL_MS = 2000
/** A run that cannot begin for a while is tried again after this long, then after longer and longer. */
const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 60_000

/**
 * Lets runs that wait begin, each slot in its order, as soon as the slot is free, until the signal aborts. Where something else
 * is in the way it tries again later. Never rejects.
 */
export async function workQueue(options: QueueOptions, signal: AbortSignal): Promise<void> {
  const { runs, ledger, clock, logger } = options
  const retries = new Map<string, { readonly at: number; readonly ms: number; readonly why: string }>()

  function postpone(slot: string, why: string): number {
    const last = retries.get(slot)
    const ms = Math.min(LAST_RETRY_MS, last ? 2 * last.ms : FIRST_RETRY_MS)
    retries.set(slot, { at: clock.monotonic() + ms, ms, why })
    if (last?.why !== why) logger.warn({ slot, error: why }, 'queue.wait')
    return ms
  }

  /** Gives a slot its turns until it is taken; resolves with how long to wait for the next one, null: for a change. */
  async function serve(slot: string): Promise<number | null> {
    const retry = retries.get(slot)
    const left = retry ? retry.at - clock.monotonic() : 0
    if (left > 0) return left
    for (;;) {
      const turn = await runs.next(slot, options.prepare)
      switch (turn.kind) {
        case 'ended':
          continue
        case 'begun':
          turn.done.then(
            () => retries.delete(slot),
            (error: unknown) => {
              if (isPassing(error)) postpone(slot, messageOf(error))
              else retries.delete(slot)
            },
          )
          return null
        case 'later':
          return postpone(slot, turn.why)
        case 'live':
          return STRANGER_POLL_MS
        case 'busy':
        case 'waiting':
        case 'no_room':
        case 'none':
          return null
      }
    }
  }

  while (!signal.aborted) {
    // Asked for first: what changes while the slots are looked at is not missed.
    const changed = runs.changed()
    const waits: number[] = []
    try {
      const soon = options.first?.() ?? null
      if (soon !== null) waits.push(soon)
      for (const { slot } of ledger.waitingSlots()) {
        if (signal.aborted) return
        const ms = await serve(slot)
        if (ms !== null) waits.push(ms)
      }
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'queue.fail')
      waits.push(FIRST_RETRY_MS)
    }
    await sleepUnless(changed, Math.min(LAST_RETRY_MS, ...waits), clock, signal)
  }
}
