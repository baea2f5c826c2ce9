import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { keepLooking } from '../../base/keep-looking.ts'
import { createNews, type News } from '../../base/news.ts'
import type { RunStep, Steps } from '../../runs/steps.ts'
import { type AdvanceDeps, advance, isAtWork } from './advance.ts'
import type { LoopCommands } from './commands.ts'
import { createLine } from './line.ts'
import { loopIn } from './loop.ts'
import { watchMonitor } from './watch-monitor.ts'

/** What lets loops go on. */
export interface Engine {
  /** Something was changed about a loop on the record: it goes on, or begins to. */
  wake(name: string): void
  /** Ends what is run before its round. */
  interrupt(name: string): void
  /** Resolves when the loop does nothing by itself any more, or after so many milliseconds. */
  atRest(name: string, limitMs: number): Promise<void>
  /** Lets all loops go on that are at work, until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

/** What it takes. */
export interface EngineDeps extends Omit<AdvanceDeps, 'line'> {
  readonly steps: Steps
  readonly clock: Clock
  readonly commands: LoopCommands
}

/** After a failure, the record is tried again so often. */
const AGAIN_MS = 1000

/** Each loop at work has one driver, which is gone when it rests; none where there is no loop. */
export function createEngine(given: EngineDeps): Engine {
  const line = createLine()
  const deps = { ...given, line }
  const { records, commands, steps, clock, logger } = deps
  const drivers = new Map<string, { readonly news: News; readonly over: Promise<void> }>()
  /** Those, and the latest of each loop that rests. */
  const leaving = new Map<string, Promise<void>>()
  const preparing = new Map<string, AbortController>()
  let service: AbortSignal | null = null
  let stopHearing: (() => void) | null = null

  /**
   * Such as the end of the run of a round: whoever waits longest for what it used goes on, too. A launch that fails must not have
   * itself tried again at once.
   */
  function hear({ step, run }: RunStep): void {
    if (step !== 'launched' && (step !== 'ended' || run.outcome === 'failed_to_start')) return
    drivers.get(loopIn(run.slot) ?? '')?.news.tell()
    const first = step === 'ended' ? line.first() : null
    if (first !== null) drivers.get(first)?.news.tell()
  }

  async function drive(
    name: string,
    news: News,
    before: Promise<void> | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const over = new AbortController()
    const ending = AbortSignal.any([signal, over.signal])
    const failed = (error: unknown) => logger.error({ loop: name, error: messageOf(error) }, 'loop.fail')
    // What that one still ends carries the same marks.
    await before
    const look = async () => {
      const loop = records.find(name)
      if (loop !== null && isAtWork(loop)) {
        const interrupted = new AbortController()
        preparing.set(name, interrupted)
        return advance(loop, deps, AbortSignal.any([ending, interrupted.signal]))
      }
      // In the same moment, so that whoever starts it again finds it gone.
      drivers.delete(name)
      line.leave(name)
      over.abort()
      return null
    }
    const keeping = { changed: news.next, failed, againMs: AGAIN_MS, clock }
    const monitor = watchMonitor(name, deps, ending)
    await Promise.all([
      keepLooking({ ...keeping, look }, ending),
      keepLooking({ ...keeping, look: monitor }, ending),
    ])
  }

  function begin(name: string, signal: AbortSignal): void {
    const news = createNews()
    const over = drive(name, news, leaving.get(name), signal)
    drivers.set(name, { news, over })
    leaving.set(name, over)
  }

  function wake(name: string): void {
    // Before that, what an earlier life left is taken up; nothing may begin beside it.
    if (service === null || service.aborted) return
    stopHearing ??= steps.subscribe(hear)
    if (!drivers.has(name)) begin(name, service)
    drivers.get(name)?.news.tell()
  }

  return {
    wake,
    interrupt: (name) => preparing.get(name)?.abort(),
    async atRest(name, limitMs) {
      const rested = new AbortController()
      const late = clock.sleep(limitMs, rested.signal).catch(() => undefined)
      await Promise.race([drivers.get(name)?.over, late])
      rested.abort()
    },
    async run(signal) {
      const abandoned = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(), { once: true }),
      )
      try {
        const all = records.all()
        for (const { name, definition } of all)
          if (definition.monitor != null || definition.gate != null) await commands.endLeft(name)
        service = signal
        // Read again: some may have been started meanwhile.
        for (const loop of records.all()) if (isAtWork(loop)) wake(loop.name)
      } catch (error) {
        logger.error({ error: messageOf(error) }, 'loop.fail')
      }
      if (!signal.aborted) await abandoned
      stopHearing?.()
      await Promise.all(leaving.values())
    },
  }
}
