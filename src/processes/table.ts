import type { Mark } from './mark.ts'

/** One process for all time: a pid alone may be used again, so its start and its boot belong to it. */
export interface Identity {
  /** The boot during which it was seen; empty where the system names none. */
  readonly bootId: string
  readonly pid: number
  /** On Linux the clock ticks since boot at which it started (`/proc/PID/stat`, field 22). */
  readonly start: string
}

/** A process as the table shows it. */
export interface ProcessInfo extends Identity {
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly state: 'alive' | 'stopped' | 'zombie'
  /** CPU time that it and its children that are gone used so far, in clock ticks; 0 where the table does not tell it. */
  readonly cpuTicks: number
}

/** A process and what it was started as. */
export interface CommandInfo {
  readonly pid: number
  readonly argv: readonly string[]
}

/** The machine's processes. Everything that is read may be out of date the moment after. */
export interface ProcessTable {
  readonly kind: 'proc' | 'ps'
  /** The present boot, as identities carry it. */
  readonly bootId: string
  /**
   * Resolves with a sentence on what this table does not see on this machine; null: nothing.
   * @throws {Error} saying why, where it cannot work here
   */
  check(): Promise<string | null>
  /** Every process with arguments. */
  commands(): Promise<Iterable<CommandInfo>>
  /** Every process, newest pid first, each one read as late as the system allows; then those that began meanwhile. */
  processes(): Promise<Iterable<ProcessInfo>>
  /** One process, or null where there is none of that pid. */
  inspect(pid: number): Promise<ProcessInfo | null>
  /** Whether this very process is still there and no zombie; one that the system hides from us counts as there. */
  isAlive(identity: Identity): Promise<boolean>
  /** Whether it belongs to the user of the service. */
  isOwnUser(pid: number): Promise<boolean>
  /** False where it is there, but the system would not let us signal it: it became another user's. */
  maySignal(pid: number): boolean
  /** The run id in its environment; null where it has none or it cannot be read. */
  cookieOf(pid: number): string | null
  /** The mark that it inherited, whatever it did to its environment; null where it has none. */
  markOf(pid: number): Mark | null
  /**
   * Bytes that it and its children that are gone read and wrote so far, in files, pipes and sockets, by read(2), write(2) and
   * their like; 0 where the table does not tell it.
   */
  movedBytesOf(pid: number): number
  /** What a process that begins now has as its start; null where the table does not tell it. */
  startNow(): number | null
  /**
   * Sends a signal to a process, and to its group where it leads one, if it still is the same process.
   * False where it is gone or may not be signalled.
   */
  signal(target: Identity, signal: NodeJS.Signals): Promise<boolean>
}

/** Clock ticks a second: USER_HZ, which is 100 wherever Node runs. */
export const TICKS_A_SECOND = 100

/** The variable that marks every process of a run. */
export const COOKIE = 'LOOPER_RUN_ID'

/** Whether two sightings are of one process. */
export function isSame(a: Identity, b: Identity): boolean {
  return a.pid === b.pid && a.start === b.start && a.bootId === b.bootId
}

/** The pids of a process and all its ancestors. */
export async function lineage(table: ProcessTable, pid: number): Promise<ReadonlySet<number>> {
  const pids = new Set<number>()
  let next = pid
  while (next > 0 && !pids.has(next)) {
    pids.add(next)
    next = (await table.inspect(next))?.parent ?? 0
  }
  return pids
}
