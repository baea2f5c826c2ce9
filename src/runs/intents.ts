import type { Clock } from '../base/clock.ts'
import type { Wait } from '../record/waiting.ts'
import type { NoteDeps } from './changes/note.ts'
import { isPassing } from './if-running.ts'
import { intentOf } from './intent.ts'
import { unstarted } from './outcome.ts'
import type { LaunchRequest } from './run.ts'

/** Launches on the record, from before anything happens. */
export interface Intents {
  /** Puts a launch on the record, at work or waiting; what it returns is the run's id. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  record(request: LaunchRequest & { readonly asked?: string }, wait?: Wait): string
  /**
   * Does what leads to a run that is on the record; what keeps it from starting ends it there.
   * @param waits whether it waits there on, where it may start later
   */
  onRecord<T>(runId: string, work: Promise<T>, waits?: boolean): Promise<T>
}

/** @param isLive whether a run has begun: then its end is told by who follows it, also where its launch fails later */
export function createIntents(
  { ledger, clock, changes }: Pick<NoteDeps, 'ledger' | 'changes'> & { readonly clock: Clock },
  isLive: (runId: string) => boolean,
): Intents {
  return {
    record(request, wait) {
      const intent = intentOf(request, clock.now())
      if (wait) ledger.enqueue(intent, wait)
      else ledger.begin(intent)
      return intent.runId
    },
    async onRecord(runId, work, waits = false) {
      try {
        return await work
      } catch (error) {
        if (!isLive(runId)) void changes?.forget(runId)
        if (!isLive(runId) && !(waits && isPassing(error))) {
          const end = { ...unstarted(error), endedAt: clock.now(), outputBytes: null, tokensUsed: null }
          // A run that was launched and ended has its end already, and a run ends once.
          ledger.finish(runId, end)
        }
        throw error
      }
    },
  }
}
