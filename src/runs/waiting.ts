import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { Begun } from './beginnings.ts'
import type { Held } from './holds/holds.ts'
import { isPassing } from './if-running.ts'
import type { Intents } from './intents.ts'
import { unstarted } from './outcome.ts'
import type { LaunchRequest, RunRequest, RunResult } from './run.ts'

/** A request that waits on the record for its slot. */
export interface Waiting {
  readonly kind: 'waiting'
  readonly runId: string
  /** So many wait before it in its slot. */
  readonly ahead: number
  /** That the usage limit of its agent is reached; left out: it is not. */
  readonly held?: Held
  /** As for one that begins at once; it never comes where the service ends before its turn. */
  readonly done: Promise<RunResult>
}

/** The runs that wait on the record, and who waits for them. */
export interface WaitingLine {
  /** Puts a request into the line of its slot. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  add(request: RunRequest, launch: LaunchRequest): Waiting
  /** One of them begins, and goes on waiting where it cannot be launched for a while. */
  began(runId: string, begun: Begun): void
  /** Ends one that waits. */
  end(runId: string, why: unknown): void
  /** Tells who waits for them that the service ends. They begin after the next start. */
  leave(): void
}

/** A line for what waits in all slots. */
export function createLine({
  ledger,
  intents,
  clock,
  logger,
}: {
  readonly ledger: Ledger
  readonly intents: Intents
  readonly clock: Clock
  readonly logger: Logger
}): WaitingLine {
  const told = new Map<string, PromiseWithResolvers<RunResult>>()

  function end(runId: string, why: unknown): void {
    ledger.finish(runId, { ...unstarted(why), endedAt: clock.now(), outputBytes: null, tokensUsed: null })
    told.get(runId)?.reject(why)
    told.delete(runId)
  }

  return {
    add(request, launch) {
      const { requestId, caller, asked, ifRunning } = request
      const { slot } = launch
      const before = ifRunning === 'coalesce' ? ledger.waitingLike(ifRunning, slot) : []
      const runId = intents.record(launch, { ifRunning, asked, place: 'last' })
      for (const earlier of before)
        end(earlier, new LooperError('LOOPER_RUN_CANCELLED', `run ${runId} took its place while it waited`))
      const answer = Promise.withResolvers<RunResult>()
      answer.promise.catch(() => undefined)
      told.set(runId, answer)
      const ahead = ledger.waitingBefore(runId)
      logger.info({ request_id: requestId, run_id: runId, caller, slot, ahead }, 'run.wait')
      return { kind: 'waiting', runId, ahead, done: answer.promise }
    },
    began(runId, { done }) {
      done.then(
        (result) => {
          told.get(runId)?.resolve(result)
          told.delete(runId)
        },
        (error: unknown) => {
          if (isPassing(error) && ledger.find(runId)?.isWaiting) return
          told.get(runId)?.reject(error)
          told.delete(runId)
        },
      )
    },
    end,
    leave() {
      for (const [runId, { reject }] of told) {
        const what = `the service is shutting down; run ${runId} waits, and begins after the next start`
        reject(new LooperError('LOOPER_SHUTTING_DOWN', what))
      }
      told.clear()
    },
  }
}
