import { type Clock, MAX_TIMER_MS } from './clock.ts'

/** That something happened, for whoever waits for it. */
export interface News {
  /** Resolves when something happens after this call. */
  next(): Promise<void>
  /** Something happened: whoever waits goes on. */
  tell(): void
}

/** Nothing happened yet. */
export function createNews(): News {
  let news = Promise.withResolvers<void>()
  return {
    next: () => news.promise,
    tell() {
      news.resolve()
      news = Promise.withResolvers()
    },
  }
}

/**
 * Resolves after so many milliseconds (null: as late as a timer can), when something happened, or when the signal aborts, whichever is first; nothing of the wait
 * is left then.
 * @param news from {@link News.next}, asked for before it was looked whether there is anything to do: so nothing is missed
 */
export async function sleepUnless(
  news: Promise<void>,
  ms: number | null,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  const awake = new AbortController()
  const over = AbortSignal.any([signal, awake.signal])
  const slept = clock.sleep(ms ?? MAX_TIMER_MS, over).catch(() => undefined)
  await Promise.race([slept, news])
  awake.abort()
}
