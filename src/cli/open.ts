import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { findRun } from './find-run.ts'
import type { Surroundings } from './world.ts'

/** How long an opener may take to say that it cannot; one that stays is the browser itself. */
const OPENER_MS = 3000

/** `looper open [ID]`: opens the dashboard in the browser; prints the address where that cannot be done. */
export async function open({ world, screen, client, words }: Context): Promise<number> {
  const [id] = words
  const url = `${client.url}/${id === undefined ? '' : `#/runs/${await findRun(client, id)}`}`
  const opener = openerOf(world)
  if (opener !== null && (await opens(opener, url, world))) {
    screen.tell(`looper: opened ${url}`)
    return EXIT.ok
  }
  screen.tell('looper: found no browser; open this address:')
  screen.say(url)
  return EXIT.ok
}

/** The program that opens addresses; null where there is no display. */
function openerOf({ platform, env }: Surroundings): string | null {
  if (platform === 'darwin') return 'open'
  // Under Windows it would be "start", which is no program; and Looper's service does not run there.
  return env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : null
}

async function opens(
  opener: string,
  url: string,
  { env, interrupted, clock }: Surroundings,
): Promise<boolean> {
  const child = spawn(opener, [url], { env, stdio: 'ignore', detached: true })
  const waited = new AbortController()
  const signal = AbortSignal.any([interrupted, waited.signal])
  const hasOpened = await Promise.race([
    // It fails where there is no such program.
    once(child, 'exit', { signal }).then(
      ([status]) => status === 0,
      () => false,
    ),
    clock.sleep(OPENER_MS, signal).then(
      () => true,
      () => false,
    ),
  ])
  waited.abort()
  child.unref()
  interrupted.throwIfAborted()
  return hasOpened
}
