import { once } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Agent } from '../agents/agent.ts'
import { ask } from '../agents/ask.ts'
import { type ProgramPlaces, resolveBinary } from '../agents/binary.ts'
import type { SessionStore } from '../agents/session-store.ts'
import { lookAt, type Size } from './walk.ts'

/** What it needs. */
export interface StoredDeps {
  readonly agent: Pick<Agent, 'name' | 'program'>
  readonly store: SessionStore
  /** The environment of agents. */
  readonly env: () => NodeJS.ProcessEnv
  readonly places: ProgramPlaces
}

/** Sessions that an agent keeps together in one database. */
export interface StoredSessions {
  /** What it keeps of those that it knows, by their ids. @throws {Error} where its database cannot be read */
  measure(ids: readonly string[]): Promise<ReadonlyMap<string, Size>>
  /**
   * Has the agent delete one, when those before it are done; false where the signal aborted before it was.
   * @throws {Error} where the agent does not
   */
  remove(id: string, signal: AbortSignal): Promise<boolean>
}

const READ = path.join(import.meta.dirname, 'read-store.js')
/** An agent that loads half a gigabyte on a busy machine. */
const LIMIT_MS = 60_000
/** Of what it says then. */
const MOST_WORDS = 300

/** Reads the agent's database on a thread of its own, and changes nothing there but by the agent's own program. */
export function storedSessions({ agent, store, env, places }: StoredDeps): StoredSessions {
  /** One at a time: each takes some seconds of a whole processor. */
  let last: Promise<unknown> = Promise.resolve()

  async function removeOne(id: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    const program = resolveBinary(null, { ...places, ...agent.program }).path
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
    const { status, output } = await ask(program, store.remove(id), env(), limit)
    if (signal.aborted) return false
    if (status !== 0) throw new Error(`${agent.name} did not delete it: ${output.trim().slice(-MOST_WORDS)}`)
    return true
  }

  return {
    async measure(ids) {
      const file = store.file(env())
      if (ids.length === 0 || (await lookAt(file)) === null) return new Map()
      const worker = new Worker(READ, { workerData: { file, sizes: store.sizes, ids: JSON.stringify(ids) } })
      const [rows]: Record<string, unknown>[][] = await once(worker, 'message')
      return new Map(rows?.map(({ id, ...row }) => [String(id), sizeIn(row)]))
    },
    remove(id, signal) {
      const removed = last.then(() => removeOne(id, signal))
      last = removed.catch(() => undefined)
      return removed
    },
  }
}

const sizeIn = ({ bytes, made_at, written_at }: Record<string, unknown>): Size => ({
  bytes: Number(bytes),
  hasMount: false,
  madeAt: Number(made_at),
  writtenAt: Number(written_at),
})
