import type { Clock } from '../base/clock.ts'
import { look } from './look.ts'
import { runPart } from './mark.ts'
import { type Identity, isSame, type ProcessInfo, type ProcessTable } from './table.ts'

/** An agent to be stopped with everything it started. */
export interface StopTarget {
  readonly identity: Identity
  /** The run id that its tree carries in the environment, and as a mark; null where it has none. */
  readonly cookie: string | null
}

/** What the ladder needs. */
export interface StopOptions {
  readonly table: ProcessTable
  readonly clock: Clock
  /** From the first polite signal to SIGKILL; SIGINT has the first half, SIGTERM the second. */
  readonly graceMs: number
  /** Pids that are never signalled: the service and its ancestors. An agent among them is told as a survivor. */
  readonly spare: ReadonlySet<number>
  /** Aborted: no more waiting, SIGKILL at once. */
  readonly hurry?: AbortSignal | undefined
}

/** How a stop ended. */
export interface StopReport {
  /** Every process that was signalled, agents and tools. */
  readonly signalled: readonly number[]
  /** What is still alive; empty where the end is verified. */
  readonly survivors: readonly number[]
}

const ASK_AGAIN_MS = 500
const FIRST_POLL_MS = 2
const LAST_POLL_MS = 40
/** What outlives its agent is asked with SIGTERM for this long before SIGKILL. */
const ORPHAN_GRACE_MS = 500
/** How long processes may take to die of SIGKILL; past it they are told as survivors. */
const KILL_LIMIT_MS = 3000

/**
 * Stops agents and their whole trees, and looks whether they are gone. The ladder: SIGINT (agents clean up their
 * tools on it), SIGTERM, SIGKILL. Then everything that descends from them or carries their cookie or mark is swept,
 * round after round, until two looks in a row find none. Only processes whose identity still matches at that
 * moment are signalled.
 * @throws {Error} where the processes cannot be looked at, so that nobody knows who is left
 */
export async function stopTrees(all: readonly StopTarget[], options: StopOptions): Promise<StopReport> {
  const { table, spare } = options
  const targets: StopTarget[] = []
  const spared: number[] = []
  for (const target of all) {
    if (!spare.has(target.identity.pid)) targets.push(target)
    else if (await table.isAlive(target.identity)) spared.push(target.identity.pid)
  }
  if (targets.length === 0) return { signalled: [], survivors: spared }
  const sweep = new Sweep(targets, options)
  await sweep.meetDescendants()

  const obeyed =
    (await sweep.askUntilGone('SIGINT', options.graceMs / 2)) ||
    (await sweep.askUntilGone('SIGTERM', options.graceMs / 2))
  const { signalled, survivors } = await sweep.finish(obeyed ? 'SIGTERM' : 'SIGKILL')
  return { signalled, survivors: [...spared, ...survivors] }
}

/** The processes of the trees being stopped, as far as they were met. */
class Sweep {
  readonly #targets: readonly StopTarget[]
  readonly #options: StopOptions
  readonly #cookies: ReadonlySet<string>
  readonly #marks: ReadonlySet<string>
  /** When the first of them began: what is older descends from none of them. */
  readonly #began: number
  readonly #members = new Map<number, Identity>()
  readonly #signalled = new Set<number>()

  constructor(targets: readonly StopTarget[], options: StopOptions) {
    this.#targets = targets
    this.#options = options
    this.#cookies = new Set(targets.flatMap(({ cookie }) => (cookie === null ? [] : [cookie])))
    this.#marks = new Set([...this.#cookies].map(runPart))
    this.#began = Math.min(...targets.map(({ identity }) => Number(identity.start)))
    for (const { identity } of targets) this.#members.set(identity.pid, identity)
  }

  /** Remembers all descendants, so that they are still known when their parent is gone. */
  meetDescendants(): Promise<void> {
    return this.#look(() => this.#meet())
  }

  async #meet(): Promise<void> {
    await this.#forgetTheDead()
    const others: ProcessInfo[] = []
    for (const info of await this.#options.table.processes()) {
      if (this.#belongs(info)) this.#members.set(info.pid, info)
      else others.push(info)
    }
    for (let before = -1; before < this.#members.size; ) {
      before = this.#members.size
      for (const info of others) if (this.#isRelated(info)) this.#members.set(info.pid, info)
    }
  }

  /**
   * Sends a polite signal to the agents, again every half second while they live: an agent may lose an interrupt that
   * arrives while its turn is starting. Tells whether they are gone.
   */
  async askUntilGone(signal: 'SIGINT' | 'SIGTERM', withinMs: number): Promise<boolean> {
    const { clock, hurry } = this.#options
    const deadline = clock.monotonic() + withinMs
    for (;;) {
      await Promise.all(this.#targets.map(({ identity }) => this.#look(() => this.#ask(identity, signal))))
      if (this.#areClosed(this.#targets.map(({ identity }) => identity.pid))) return false
      const left = deadline - clock.monotonic()
      if (await this.#until(Math.min(left, ASK_AGAIN_MS), () => this.#agentsGone())) return true
      if (left <= ASK_AGAIN_MS || hurry?.aborted) return false
    }
  }

  async #ask(identity: Identity, signal: NodeJS.Signals): Promise<void> {
    const { table } = this.#options
    if (!(await table.signal(identity, signal))) return
    this.#signalled.add(identity.pid)
    // A stopped process would answer only after it is continued.
    const now = await table.inspect(identity.pid)
    if (now?.state === 'stopped') await table.signal(identity, 'SIGCONT')
  }

  async #agentsGone(): Promise<boolean> {
    return (await this.#look(() => this.#agentsAlive())).length === 0
  }

  async #agentsAlive(): Promise<number[]> {
    const alive: number[] = []
    for (const { identity } of this.#targets) {
      if (await this.#options.table.isAlive(identity)) alive.push(identity.pid)
    }
    return alive
  }

  /** Sweeps until nothing is left, first with the given signal, then with SIGKILL. */
  async finish(first: 'SIGTERM' | 'SIGKILL'): Promise<StopReport> {
    let left = await this.#round(first)
    let isQuiet = left.length === 0
    if (first === 'SIGTERM' && !isQuiet) {
      isQuiet = await this.#until(ORPHAN_GRACE_MS, async () => (await this.#round(null)).length === 0)
    }
    let quiet = isQuiet ? 1 : 0
    const soon = this.#options.clock.monotonic() + ORPHAN_GRACE_MS
    await this.#until(
      KILL_LIMIT_MS,
      async () => {
        left = await this.#round('SIGKILL')
        quiet = left.length === 0 ? quiet + 1 : 0
        return quiet >= 2 || (this.#areClosed(left) && this.#options.clock.monotonic() >= soon)
      },
      true,
    )
    // An agent that the system hides from us is in no list.
    const agents = await this.#look(() => this.#agentsAlive())
    return { signalled: [...this.#signalled], survivors: [...new Set([...left, ...agents])] }
  }

  /** One pass over the table; tells what was found alive. Signals each one as soon as it is met. */
  #round(signal: NodeJS.Signals | null): Promise<number[]> {
    return this.#look(() => this.#pass(signal))
  }

  async #pass(signal: NodeJS.Signals | null): Promise<number[]> {
    await this.#forgetTheDead()
    const found: number[] = []
    for (const info of await this.#options.table.processes()) {
      if (!this.#belongs(info)) continue
      this.#members.set(info.pid, info)
      found.push(info.pid)
      if (signal && (await this.#options.table.signal(info, signal))) this.#signalled.add(info.pid)
    }
    return found
  }

  /** A dead member's pid may already be somebody else's, whose children are none of ours. */
  async #forgetTheDead(): Promise<void> {
    for (const [pid, identity] of this.#members) {
      if (!(await this.#options.table.isAlive(identity))) this.#members.delete(pid)
    }
  }

  #belongs(info: ProcessInfo): boolean {
    return this.#isRelated(info) || this.#hasCookie(info) || this.#hasMark(info)
  }

  /** One that is known, or a child of one. */
  #isRelated(info: ProcessInfo): boolean {
    if (!this.#mayBelong(info)) return false
    const known = this.#members.get(info.pid)
    return (known !== undefined && isSame(known, info)) || this.#members.has(info.parent)
  }

  #hasCookie(info: ProcessInfo): boolean {
    if (this.#cookies.size === 0 || !this.#mayBelong(info)) return false
    const cookie = this.#options.table.cookieOf(info.pid)
    return cookie !== null && this.#cookies.has(cookie)
  }

  #hasMark(info: ProcessInfo): boolean {
    if (this.#marks.size === 0 || !this.#mayBelong(info) || Number(info.start) < this.#began) return false
    const mark = this.#options.table.markOf(info.pid)
    return mark !== null && this.#marks.has(mark.run)
  }

  /** Whether waiting is in vain: what became another user's does not hear us. */
  #areClosed(pids: readonly number[]): boolean {
    return pids.length > 0 && pids.every((pid) => !this.#options.table.maySignal(pid))
  }

  #mayBelong({ state, pid }: ProcessInfo): boolean {
    return state !== 'zombie' && !this.#options.spare.has(pid)
  }

  #look<T>(work: () => Promise<T>): Promise<T> {
    return look(this.#options.clock, work)
  }

  /** Polls until the condition holds or the time is over; tells whether it held. */
  async #until(ms: number, condition: () => Promise<boolean>, evenInHurry = false): Promise<boolean> {
    const { clock, hurry } = this.#options
    const deadline = clock.monotonic() + ms
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 2, LAST_POLL_MS)) {
      if (await condition()) return true
      const left = deadline - clock.monotonic()
      if (left <= 0 || (hurry?.aborted && !evenInHurry)) return false
      await clock.sleep(Math.min(wait, left), evenInHurry ? undefined : hurry).catch(() => undefined)
    }
  }
}
