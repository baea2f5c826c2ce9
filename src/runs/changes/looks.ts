import type { Clock } from '../../base/clock.ts'

/** A look was given up at its limit. */
export class LookTimeout extends Error {
  constructor(limitMs: number) {
    super(`git took longer than ${limitMs / 1000} s`)
  }
}

/** Looks that end in time, one of a run at a time. */
export interface Looks {
  /**
   * Does work that is given up after so long, in the place of what is being done for the same run, which is given up at once.
   * @throws {Error} what the work throws, or {@link LookTimeout}
   */
  look<T>(runId: string, limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Resolves when what was given up has let go of everything, too, or after so many milliseconds. Never rejects. */
  settled(limitMs: number): Promise<void>
}

/** None is under way. @param hurry aborted: nobody waits for one any more */
export function createLooks(clock: Clock, hurry: AbortSignal): Looks {
  const under = new Map<string, { readonly given: AbortController; readonly over: Promise<unknown> }>()

  return {
    async look(runId, limitMs, work) {
      const earlier = under.get(runId)
      earlier?.given.abort(new Error('another look began'))
      const given = new AbortController()
      const aborted = new Promise<never>((_resolve, reject) => {
        given.signal.addEventListener('abort', () => reject(given.signal.reason), { once: true })
      })
      const working = Promise.resolve(earlier?.over).then(() => work(given.signal))
      const mine = { given, over: working.catch(() => undefined) }
      under.set(runId, mine)
      void mine.over.then(() => under.get(runId) === mine && under.delete(runId))
      const hurried = () => given.abort(new Error('the service ends'))
      hurry.addEventListener('abort', hurried)
      if (hurry.aborted) hurried()
      clock.sleep(limitMs, given.signal).then(
        () => given.abort(new LookTimeout(limitMs)),
        () => undefined,
      )
      try {
        return await Promise.race([aborted, working])
      } finally {
        hurry.removeEventListener('abort', hurried)
        given.abort(new Error('the look is over'))
      }
    },
    async settled(limitMs) {
      const settled = new AbortController()
      const tooLate = clock.sleep(limitMs, settled.signal).catch(() => undefined)
      await Promise.race([Promise.all([...under.values()].map(({ over }) => over)), tooLate])
      settled.abort()
    },
  }
}
