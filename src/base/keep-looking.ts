import type { Clock } from './clock.ts'
import { sleepUnless } from './news.ts'

/** What it takes. */
export interface KeepLookingDeps {
  /** Does what there is to do; returns for how many milliseconds there is nothing more, null: until something happens. */
  look(): number | null | Promise<number | null>
  /** Resolves when there may be something new. */
  changed(): Promise<void>
  /** Is told why a look failed: of the first one of several in a row. */
  failed(error: unknown): void
  /** After a failure, it is tried again so often. */
  readonly againMs: number
  readonly clock: Pick<Clock, 'sleep'>
}

/** Looks whenever something happened, until the signal aborts. Never rejects. */
export async function keepLooking(
  { look, changed, failed, againMs, clock }: KeepLookingDeps,
  signal: AbortSignal,
): Promise<void> {
  let isTold = false
  while (!signal.aborted) {
    const news = changed()
    let ms: number | null = againMs
    try {
      ms = await look()
      isTold = false
    } catch (error) {
      if (!isTold && !signal.aborted) failed(error)
      isTold = true
    }
    await sleepUnless(news, ms, clock, signal)
  }
}
