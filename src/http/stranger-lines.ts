import type { Clock } from '../base/clock.ts'

/** How much of the server log those may fill whom nobody knows. */
export interface StrangerLines {
  /** Whether one more request may be told of now; those that may not are counted. */
  take(): boolean
  /** Tells of those that are not told of yet. */
  close(): Promise<void>
}

const WINDOW_MS = 60_000
/** At some 450 bytes a request this is less than the 50 MB of one file a day, however many there are. */
const PER_WINDOW = 60

/** At most 60 requests a minute, all strangers together; `tell` gets the number of the others when the minute is over. */
export function limitStrangerLines(
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
  tell: (leftOut: number) => void,
): StrangerLines {
  const closing = new AbortController()
  let since = Number.NEGATIVE_INFINITY
  let taken = 0
  let leftOut = 0
  let telling: Promise<void> = Promise.resolve()

  async function tellLater(ms: number): Promise<void> {
    await clock.sleep(ms, closing.signal).catch(() => undefined)
    tell(leftOut)
    leftOut = 0
  }

  return {
    take() {
      const now = clock.monotonic()
      if (now - since >= WINDOW_MS) {
        since = now
        taken = 0
      }
      if (taken < PER_WINDOW) {
        taken++
        return true
      }
      leftOut++
      if (leftOut === 1) telling = tellLater(since + WINDOW_MS - now)
      return false
    },
    close() {
      closing.abort()
      return telling
    },
  }
}
