import { duration } from './human.ts'
import type { World } from './world.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100
const CLEAR = '\r\u001b[K'

/** Shows on a terminal that something is being waited for, and since when, while the work lasts. */
export async function spinning<T>(world: World, text: string, work: () => Promise<T>): Promise<T> {
  const { stderr, clock, env } = world
  if (stderr.isTTY !== true || env.TERM === 'dumb') return work()
  const done = new AbortController()
  const begin = clock.monotonic()
  const spin = async () => {
    for (let i = 0; !done.signal.aborted; i++) {
      stderr.write(`${CLEAR}${FRAMES[i % FRAMES.length]} ${text} ${duration(clock.monotonic() - begin)}`)
      await clock.sleep(FRAME_MS, done.signal).catch(() => undefined)
    }
    stderr.write(CLEAR)
  }
  const spun = spin()
  try {
    return await work()
  } finally {
    done.abort()
    await spun
  }
}
