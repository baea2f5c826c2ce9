import type { LocalContext } from './context.ts'
import { duration } from './human.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100

/** Shows on a terminal that something is being waited for, and since when, while the work lasts. */
export async function spinning<T>(
  { world: { clock }, screen: { passing } }: LocalContext,
  text: string,
  work: () => Promise<T>,
): Promise<T> {
  if (!passing) return work()
  const done = new AbortController()
  const begin = clock.monotonic()
  const spin = async () => {
    for (let i = 0; !done.signal.aborted; i++) {
      passing(`${FRAMES[i % FRAMES.length]} ${text} ${duration(clock.monotonic() - begin)}`)
      await clock.sleep(FRAME_MS, done.signal).catch(() => undefined)
    }
    passing(null)
  }
  const spun = spin()
  try {
    return await work()
  } finally {
    done.abort()
    await spun
  }
}
