import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Ledger } from '../record/ledger.ts'
import { unstarted } from './outcome.ts'
import type { LaunchRequest } from './run.ts'

/** Launches on the record, from before anything happens. */
export interface Intents {
  /** Puts a launch on the record; what it returns is the run's id. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  record(request: LaunchRequest): string
  /** Does what leads to a run that is on the record; what keeps it from starting ends it there. */
  onRecord<T>(runId: string, work: Promise<T>): Promise<T>
}

/** @param isLive whether a run has begun: then its end is told by who follows it, also where its launch fails later */
export function createIntents(
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock },
  isLive: (runId: string) => boolean,
): Intents {
  return {
    record({ agent, binary, system: _system, session: _session, ...request }) {
      const runId = randomUUID()
      const intent = { ...request, runId, agent: agent.name, binary: binary.path, requestedAt: clock.now() }
      ledger.begin(intent)
      return runId
    },
    async onRecord(runId, work) {
      try {
        return await work
      } catch (error) {
        if (!isLive(runId)) {
          const end = { ...unstarted(error), endedAt: clock.now(), outputBytes: null, tokensUsed: null }
          // A run that was launched and ended has its end already, and a run ends once.
          ledger.finish(runId, end)
        }
        throw error
      }
    },
  }
}
