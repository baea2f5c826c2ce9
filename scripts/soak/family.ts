import { readdirSync, readFileSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { WRAPPER } from '../../src/places/host/wrappers.ts'
import { parseStat } from '../../src/processes/linux.ts'
import { COOKIE } from '../../src/processes/table.ts'

/** A living process that this soak started, directly or not. */
export interface Member {
  readonly pid: number
  readonly parent: number
  /** Ticks since boot at its start. */
  readonly start: string
  /** The run id in its environment: an agent or one of its tools. Null for services and wrappers. */
  readonly cookie: string | null
}

/** Everything alive that carries the mark of one soak in its environment, and nothing else. */
export interface Family {
  /** The variable that marks them. */
  readonly env: Readonly<Record<string, string>>
  members(): Member[]
  /** The wrappers that have an agent, by run id. They carry no cookie themselves. */
  wrappers(): ReadonlyMap<string, Member>
  /** Whether this very process still lives. */
  isAlive(member: Member): boolean
  /** Signals it if it is still the same; tells whether. */
  signal(member: Member, signal: NodeJS.Signals): boolean
  /** Kills all of them until none is left. */
  clear(): Promise<void>
}

const MARK = 'LOOPER_SOAK'
const CLEAR_LIMIT_MS = 5000
/** Strangers are met anew from time to time, because their pids are used again. */
const FORGET_STRANGERS_MS = 2000

/** The family of the given mark, empty at first. Linux only. */
export function openFamily(id: string): Family {
  const mark = `${MARK}=${id}`
  let strangers = new Set(pids())
  let metAt = performance.now()

  function inspect(pid: number): Member | null {
    const environment = read(`/proc/${pid}/environ`)?.split('\0')
    if (!environment?.includes(mark)) return null
    const stat = read(`/proc/${pid}/stat`)
    if (!stat) return null
    const { state, parent, start } = parseStat(stat, '')
    if (state === 'zombie') return null
    const cookie = environment.find((entry) => entry.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1)
    return { pid, parent, start, cookie: cookie ?? null }
  }

  function members(): Member[] {
    const present = pids()
    if (performance.now() - metAt > FORGET_STRANGERS_MS) {
      strangers = new Set(present.filter((pid) => strangers.has(pid)))
      metAt = performance.now()
    }
    return present.filter((pid) => !strangers.has(pid)).flatMap((pid) => inspect(pid) ?? [])
  }

  const isAlive = (member: Member) => inspect(member.pid)?.start === member.start

  function signal(member: Member, name: NodeJS.Signals): boolean {
    if (!isAlive(member)) return false
    try {
      return process.kill(member.pid, name)
    } catch {
      return false
    }
  }

  return {
    env: { [MARK]: id },
    members,
    wrappers() {
      const found = new Map<string, Member>()
      const all = members()
      for (const { cookie, parent } of all) {
        const wrapper = all.find(({ pid }) => pid === parent)
        if (cookie !== null && wrapper?.cookie === null && isWrapper(wrapper.pid)) found.set(cookie, wrapper)
      }
      return found
    },
    isAlive,
    signal,
    async clear() {
      const deadline = performance.now() + CLEAR_LIMIT_MS
      for (let left = members(); left.length > 0; left = members()) {
        if (performance.now() > deadline) {
          throw new Error(`these do not die: ${left.map(({ pid }) => pid).join(' ')}`)
        }
        for (const member of left) signal(member, 'SIGKILL')
        await systemClock.sleep(20)
      }
    },
  }
}

const isWrapper = (pid: number) => read(`/proc/${pid}/cmdline`)?.split('\0')[1] === WRAPPER

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return null
  }
}
