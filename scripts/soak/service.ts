import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'

/** One life of the service, from its start to its end. */
export interface Life {
  readonly pid: number | null
  /** Where it listens; null where it ended before it did. */
  readonly url: Promise<string | null>
  /** Resolves when it is gone, with whether it had time to stop everything. */
  readonly ended: Promise<boolean>
  /** How it is asked to end; null while it is not. */
  readonly asked: 'SIGKILL' | 'SIGTERM' | null
  isOver(): boolean
  /** Sends a signal and remembers that its end was asked for. */
  end(signal: 'SIGKILL' | 'SIGTERM'): void
  /** What was measured so far, one each quarter of a second. */
  readonly usage: readonly Usage[]
}

/** What a service uses at one moment. */
export interface Usage {
  /** The service's age then. */
  readonly ageMs: number
  readonly rssMb: number
  /** But for those of the process table. */
  readonly descriptors: number
}

const MAIN = path.resolve(import.meta.dirname, '../../src/start.js')
const MEASURE_EVERY_MS = 250

/** How a life ended that should not have ended so. */
export interface Crash {
  readonly how: string
  /** It ended with 1 before it listened: something was in its way that may be gone at the next start. */
  readonly couldNotStart: boolean
}

/** Starts the service. `crashed` is told when it ends although nobody asked for it, or badly after SIGTERM. */
export function startLife(env: NodeJS.ProcessEnv, crashed: (crash: Crash) => void): Life {
  // A terminal's Ctrl-C is for the soak alone.
  const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true })
  let asked: Life['asked'] = null
  const usage: Usage[] = []
  const bornAt = performance.now()
  const url = Promise.withResolvers<string | null>()
  const ended = Promise.withResolvers<boolean>()
  const measure = setInterval(() => {
    const now = measureUsage(child, performance.now() - bornAt)
    if (now) usage.push(now)
  }, MEASURE_EVERY_MS)

  let output = ''
  const read = (chunk: Buffer) => {
    output += chunk
    const found = /listens on (\S+)/.exec(output)?.[1]
    if (found) url.resolve(found)
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  let isOver = false
  child.once('exit', (code, signal) => {
    isOver = true
    clearInterval(measure)
    // SIGTERM in its first moments meets no handler yet.
    if (asked === null || (signal === null && code !== 0)) {
      const couldNotStart = code === 1 && !output.includes('listens on ')
      crashed({ how: `the service ended with ${signal ?? code}: ${output}`, couldNotStart })
    }
    url.resolve(null)
    ended.resolve(code === 0)
  })

  return {
    pid: child.pid ?? null,
    url: url.promise,
    ended: ended.promise,
    get asked() {
      return asked
    },
    isOver: () => isOver,
    end(signal) {
      asked = signal
      child.kill(signal)
    },
    usage,
  }
}

function measureUsage({ pid }: ChildProcess, ageMs: number): Usage | null {
  try {
    const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    if (rss === undefined) return null
    return { ageMs, rssMb: Number(rss) / 1024, descriptors: openOf(Number(pid)) }
  } catch {
    return null
  }
}

/** Without the files of the process table that are kept open: they are as many as the machine has processes. */
function openOf(pid: number): number {
  const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
  return files.filter((file) => !file.startsWith('/proc/')).length
}

/** Medians of the first and of the last tenth of a life. */
export function firstAndLast(usage: readonly Usage[], what: keyof Usage): readonly [number, number] {
  const tenth = Math.max(1, Math.floor(usage.length / 10))
  const median = (part: readonly Usage[]) => {
    const sorted = part.map((one) => one[what]).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  }
  return [median(usage.slice(0, tenth)), median(usage.slice(-tenth))]
}
