import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../../src/base/clock.ts'
import { openSmallDisk } from '../../test/helpers/fault-disk.ts'
import type { Chance } from './chance.ts'
import type { Life } from './service.ts'

/** What a service may have to do without for a while. */
export type Hardship = 'descriptors out' | 'ledger locked' | 'disk full'

/** What takes things away, one of each kind at a time, and gives them back. */
export interface Hardships {
  /** Where the service keeps its logs and its ledger. */
  readonly logDir: string
  /** What cannot be done on this machine, and why. */
  readonly missing: readonly string[]
  /** Takes something away for a while; tells whether it could. */
  bring(kind: Hardship, dice: Chance, life: Life): Promise<boolean>
  /** Whether something was away at some moment since then, in milliseconds since the epoch. */
  since(moment: number, kind?: Hardship): boolean
  /** Gives everything back. */
  close(): void
}

/** Room for the logs of thousands of runs. */
const DISK_MB = 1024

/** Everything is there at first. `dir` is where the logs lie if they can have no disk of their own. */
export function openHardships(dir: string, over: AbortSignal): Hardships {
  const disk = openSmallDisk(DISK_MB)
  const logDir = disk.kind === 'disk' ? disk.dir : dir
  const canLimit = spawnSync('prlimit', ['--version']).status === 0
  const away = new Set<Hardship>()
  const ended = new Map<Hardship, number>()

  async function hold(kind: Hardship, ms: number, giveBack: () => void): Promise<void> {
    away.add(kind)
    try {
      // At the end of the soak everything is given back at once.
      await systemClock.sleep(ms, over).catch(() => undefined)
    } finally {
      giveBack()
      away.delete(kind)
      ended.set(kind, Date.now())
    }
  }

  async function takeDescriptors({ pid }: Life, dice: Chance): Promise<boolean> {
    const limits = pid === null || !canLimit ? null : limitsOf(pid)
    if (limits === null) return false
    const few = limits.open + dice.whole(0, 3)
    if (!limit(Number(pid), `${few}:${limits.hard}`)) return false
    await hold('descriptors out', dice.between(50, 1500), () => {
      limit(Number(pid), `${limits.soft}:${limits.hard}`)
    })
    return true
  }

  async function lockLedger(dice: Chance): Promise<boolean> {
    const ms = dice.oneOf([
      [3, dice.between(50, 500)],
      [1, dice.between(500, 6000)],
    ])
    let db: DatabaseSync
    try {
      // Not made where it is not there yet: that is for the service to do.
      db = new DatabaseSync(`file:${path.join(logDir, 'looper.db')}?mode=rw`, { timeout: 0 })
    } catch {
      return false
    }
    try {
      db.exec('BEGIN EXCLUSIVE')
      await hold('ledger locked', ms, () => db.exec('ROLLBACK'))
      return true
    } catch {
      // The service was writing at that moment.
      return false
    } finally {
      db.close()
    }
  }

  return {
    logDir,
    missing: [
      ...(disk.kind === 'none' ? [`no full disk: ${disk.why}`] : []),
      ...(canLimit ? [] : ['descriptors are not taken away: there is no prlimit']),
    ],
    async bring(kind, dice, life) {
      if (away.has(kind)) return false
      switch (kind) {
        case 'descriptors out':
          return takeDescriptors(life, dice)
        case 'ledger locked':
          return lockLedger(dice)
        case 'disk full':
          if (disk.kind === 'none') return false
          disk.fill()
          await hold(kind, dice.between(50, 1500), disk.free)
          return true
      }
    },
    since(moment, kind) {
      const kinds: readonly Hardship[] = kind ? [kind] : ['descriptors out', 'ledger locked', 'disk full']
      return kinds.some((one) => away.has(one) || (ended.get(one) ?? 0) >= moment)
    },
    close: disk.close,
  }
}

function limit(pid: number, nofile: string): boolean {
  return spawnSync('prlimit', ['--pid', String(pid), `--nofile=${nofile}`]).status === 0
}

/** The descriptors of a process: how many are open, and how many may be; null where it is gone. */
function limitsOf(pid: number): { open: number; soft: string; hard: string } | null {
  try {
    const [, soft = '', hard = ''] =
      /^Max open files +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? []
    return soft === '' ? null : { open: readdirSync(`/proc/${pid}/fd`).length, soft, hard }
  } catch {
    return null
  }
}
