import { readdirSync } from 'node:fs'
import { mostDescriptors } from '../base/descriptors.ts'
import { errnoOf } from '../base/errors.ts'
import { parseMark } from './mark.ts'
import { procReader } from './proc-file.ts'
import { reach } from './reach.ts'
import {
  COOKIE,
  type CommandInfo,
  isSame,
  type ProcessInfo,
  type ProcessTable,
  TICKS_A_SECOND,
} from './table.ts'

const STATES: Readonly<Record<string, ProcessInfo['state']>> = {
  T: 'stopped',
  t: 'stopped',
  Z: 'zombie',
  X: 'zombie',
}

/** On a machine that forks without end somebody is always new. */
const MOST_LOOKS = 50

/** What this table asks of the system. */
export interface LinuxCalls {
  readonly kill: (pid: number, signal: NodeJS.Signals | 0) => void
  /** The bytes are looked at before the next call. With a pid, the file is that process's, and will be read again. */
  readonly readFile: (file: string, pid?: number) => Buffer
  readonly readDirectory: (dir: string) => readonly string[]
  /** Told who is there now. */
  readonly keepOnly: (pids: readonly number[]) => void
}

const HIDING =
  '/proc is mounted with hidepid: agents of other users, and programs that forbid core dumps, are neither seen nor ' +
  'stopped, and nothing is launched beside them; mount it with the option gid= of a group that the service is in'

/** A thread of the kernel: no program, and nobody's child (PF_KTHREAD in linux/sched.h). */
const KERNEL_THREAD = 0x0020_0000
const REALTIME_LIMIT = /^Max realtime timeout +(\d+)/m
/** What is read and written, wherever it comes from and goes to (proc(5)); what recv(2) and send(2) move does not count. */
const MOVED = /^[rw]char: (\d+)$/gm
const COOKIE_ENTRY = new RegExp(`(?:^|\0)${COOKIE}=([^\0]*)`)

/** So much of what may be open at once is for looking at processes: each launch looks at all of them, more than once. */
const DESCRIPTOR_SHARE = 1 / 6
const MOST_KEPT = 4096

function systemCalls(): LinuxCalls {
  const { read, keepOnly } = procReader(Math.min(MOST_KEPT, mostDescriptors() * DESCRIPTOR_SHARE))
  return { kill: process.kill, readFile: read, readDirectory: readdirSync, keepOnly }
}

/**
 * Linux's own table, read from `/proc` (proc(5)): argument boundaries kept, start ticks as identity. Reading is
 * synchronous: the kernel answers from memory, and a sweep must be faster than what it chases.
 */
export function linuxTable(calls: Partial<LinuxCalls> = {}): ProcessTable {
  const { kill, readFile, readDirectory, keepOnly } = { ...systemCalls(), ...calls }
  /** A file below `/proc`, or null where the process is gone or closed to us. */
  const read = (name: string, pid?: number): Buffer | null => {
    try {
      return readFile(`/proc/${name}`, pid)
    } catch (error) {
      const code = errnoOf(error)
      if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null
      throw error
    }
  }
  const bootId = (read('sys/kernel/random/boot_id') ?? '').toString().trim()
  const uid = process.getuid?.()

  const pids = (): number[] => {
    const found: number[] = []
    for (const name of readDirectory('/proc')) {
      const pid = Number(name)
      if (pid > 0) found.push(pid)
    }
    keepOnly(found)
    return found
  }

  const inspect = (pid: number): ProcessInfo | null => {
    const stat = read(`${pid}/stat`, pid)
    return stat ? parseStat(stat.toString('latin1'), bootId) : null
  }

  /** Whether there is such a process, though `/proc` does not show it (its option `hidepid`, proc(5)). */
  const isHidden = (pid: number) => inspect(pid) === null && reach(pid, kill) !== 'gone'

  return {
    kind: 'proc',
    bootId,

    async check() {
      if (!inspect(process.pid))
        throw new Error('/proc is not readable; mount it, so that Looper sees processes')
      return isHidden(1) ? HIDING : null
    },

    async commands() {
      return commands(pids(), read)
    },

    async processes() {
      return processes(pids, (pid) => {
        const stat = read(`${pid}/stat`, pid)?.toString('latin1')
        return stat === undefined || isOfKernel(stat) ? null : parseStat(stat, bootId)
      })
    },

    async inspect(pid) {
      return inspect(pid)
    },

    async isAlive(identity) {
      const now = inspect(identity.pid)
      if (now === null) return identity.bootId === bootId && isHidden(identity.pid)
      return now.state !== 'zombie' && isSame(now, identity)
    },

    async isOwnUser(pid) {
      // The owner of /proc/PID is root for programs that refuse core dumps, so the status file is asked.
      const line = /^Uid:\s+(\d+)/m.exec((read(`${pid}/status`) ?? '').toString())
      return line !== null && Number(line[1]) === uid
    },

    maySignal: (pid) => reach(pid, kill) !== 'closed',

    cookieOf(pid) {
      const environment = read(`${pid}/environ`)
      if (!environment?.includes(COOKIE)) return null
      return COOKIE_ENTRY.exec(environment.toString())?.[1] ?? null
    },

    markOf(pid) {
      const limit = REALTIME_LIMIT.exec((read(`${pid}/limits`) ?? '').toString())?.[1]
      return limit === undefined ? null : parseMark(limit)
    },

    movedBytesOf(pid) {
      const counts = [...(read(`${pid}/io`) ?? '').toString().matchAll(MOVED)]
      return counts.reduce((sum, [, bytes]) => sum + Number(bytes), 0)
    },

    startNow() {
      const seconds = Number.parseFloat((read('uptime') ?? '').toString())
      return Number.isNaN(seconds) ? null : Math.round(seconds * TICKS_A_SECOND)
    },

    async signal(target, signal) {
      const now = inspect(target.pid)
      if (!now || now.state === 'zombie' || !isSame(now, target)) return false
      // Only a session leader's group is surely its own; a shell's job may hold a neighbour in a pipeline.
      // And -1 is no group, but everybody (kill(2)): the first process of a container leads one, too.
      const leads = now.session === now.pid && now.group === now.pid && now.pid !== 1
      try {
        kill(leads ? -now.pid : now.pid, signal)
        return true
      } catch (error) {
        const code = errnoOf(error)
        if (code === 'ESRCH' || code === 'EPERM') return false
        throw error
      }
    },
  }
}

/** Parses `/proc/PID/stat`. The name in parentheses may hold anything, so fields are counted from the last one. */
export function parseStat(stat: string, bootId: string): ProcessInfo {
  const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20)
  return {
    bootId,
    pid: Number.parseInt(stat, 10),
    state: STATES[String(field[0])] ?? 'alive',
    parent: Number(field[1]),
    group: Number(field[2]),
    session: Number(field[3]),
    start: String(field[19]),
    cpuTicks: Number(field[11]) + Number(field[12]) + Number(field[13]) + Number(field[14]),
  }
}

function isOfKernel(stat: string): boolean {
  return (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', 7)[6]) & KERNEL_THREAD) !== 0
}

function* commands(
  pids: readonly number[],
  read: (name: string, pid: number) => Buffer | null,
): Generator<CommandInfo> {
  for (const pid of pids) {
    const text = read(`${pid}/cmdline`, pid)?.toString()
    if (text) yield { pid, argv: (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0') }
  }
}

/**
 * A chain of processes that fork and exit hides from one look: each link may be gone when its turn comes. But the kernel
 * lists at least one link at any moment, so it looks again until nobody is new.
 */
function* processes(pids: () => number[], look: (pid: number) => ProcessInfo | null): Generator<ProcessInfo> {
  const seen = new Set<number>()
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const fresh = pids().filter((pid) => !seen.has(pid))
    if (fresh.length === 0) return
    for (const pid of fresh.reverse()) {
      seen.add(pid)
      const info = look(pid)
      if (info) yield info
    }
  }
}
