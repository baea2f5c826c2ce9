import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { DiskSource, Facts } from './source.ts'
import type { Removal } from './survey.ts'

/** What it needs. */
export interface RemoverDeps {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly logger: Pick<Logger, 'info' | 'warn'>
}

/** Removes things, and remembers what cannot be removed. */
export interface Remover {
  /** Removes them in their order, until the signal aborts; tells how many bytes are gone. Never rejects. */
  remove(removals: readonly Removal[], facts: Facts, signal: AbortSignal): Promise<number>
  /** Whether it failed lately, and is not tried again yet. */
  isStuck(what: string): boolean
}

/** So many failures, and a source is left alone until the next time: its disk or its lock is in the way. */
const MOST_FAILURES = 10
const RETRY_MS = 3_600_000
/** Side by side: on a busy service, each step waits for its turn. */
const AT_ONCE = 64

/** What fails is told once, however often it is tried. */
export function createRemover({ clock, logger }: RemoverDeps): Remover {
  /** When it failed last. */
  const stuck = new Map<string, number>()

  function failed(what: string, error: unknown): void {
    if (!stuck.has(what)) logger.warn({ what, error: messageOf(error) }, 'disk.remove.fail')
    stuck.set(what, clock.monotonic())
  }

  return {
    isStuck: (what) => clock.monotonic() - (stuck.get(what) ?? Number.NEGATIVE_INFINITY) < RETRY_MS,
    async remove(removals, facts, signal) {
      let freed = 0
      let count = 0
      const failures = new Map<string, number>()
      /** Their records stay: whoever tries again has to know of them. */
      const failedRuns = new Set<string | null>()
      const failuresOf = ({ name }: DiskSource) => failures.get(name) ?? 0

      async function removeOne({ source, remnant }: Removal): Promise<void> {
        const { what, runId, bytes } = remnant
        if (signal.aborted || failuresOf(source) >= MOST_FAILURES || failedRuns.has(runId)) return
        try {
          if (!(await source.remove(remnant, facts, signal))) return
          freed += bytes
          count++
        } catch (error) {
          failures.set(source.name, 1 + failuresOf(source))
          if (runId !== null) failedRuns.add(runId)
          failed(what, error)
        }
      }

      for (let index = 0; index < removals.length; index += AT_ONCE) {
        // What is of one run goes in its order.
        const byRun = Map.groupBy(removals.slice(index, index + AT_ONCE), ({ remnant }) => remnant.runId)
        await Promise.all(
          [...byRun.values()].map(async (ofRun) => {
            for (const one of ofRun) await removeOne(one)
          }),
        )
        // A record is removed at once, and thousands of them keep nobody waiting.
        await setImmediate()
      }
      if (count > 0) logger.info({ count, bytes: freed }, 'disk.removed')
      return freed
    },
  }
}
