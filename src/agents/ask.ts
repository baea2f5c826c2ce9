import { spawn } from 'node:child_process'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const MOST_BYTES = 1_048_576
/** What was written before the end is surely read by then. */
const LAST_OUTPUT_MS = 200

/** What came of it. */
export interface Told {
  readonly output: string
  /** Null where it was killed, or not started. */
  readonly status: number | null
}

/**
 * What an agent's program prints, stdout and stderr together; it is killed with its group where the limit aborts or it prints
 * without end. @throws {Error} where it cannot be started
 */
export async function ask(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  limit: AbortSignal,
): Promise<Told> {
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const over = new AbortController()
  let status: number | null = null
  child.once('exit', (code) => {
    status = code
    over.abort()
  })
  child.once('error', () => over.abort())
  // Once it has ended, its number may be somebody else's.
  const kill = () => {
    if (!over.signal.aborted && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  limit.addEventListener('abort', kill)
  if (limit.aborted) kill()
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > MOST_BYTES) kill()
    })
  }
  await new Promise((resolve) => over.signal.addEventListener('abort', resolve, { once: true }))
  limit.removeEventListener('abort', kill)
  // What it left behind may hold its output open; what it said itself is there by then.
  await Promise.race([
    Promise.all([child.stdout, child.stderr].map((stream) => finished(stream).catch(() => undefined))),
    sleep(LAST_OUTPUT_MS),
  ])
  child.stdout.destroy()
  child.stderr.destroy()
  return { output, status }
}
