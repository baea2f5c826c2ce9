import { type ProcessInfo, type ProcessTable, TICKS_A_SECOND } from '../processes/table.ts'

/** What a run has done up to a look. */
export interface Doings {
  readonly logBytes: number
  /** Of each of its processes. */
  readonly processes: ReadonlyMap<string, { readonly cpuTicks: number; readonly movedBytes: number }>
}

/**
 * What an agent takes that only waits for its model is no sign of life. One was seen to take 0.15 to 0.3 % of a core and 0.5 KB a
 * second so, and 1.2 % while its model spoke.
 */
const WAITING = { cpu: 0.005, bytesASecond: 2000 }

/** What a run has done: its log, and its processes as they are now. */
export function doingsOf(logBytes: number, tree: readonly ProcessInfo[], table: ProcessTable): Doings {
  const processes = new Map(
    tree.map(({ pid, start, cpuTicks }) => [
      `${pid} ${start}`,
      { cpuTicks, movedBytes: table.movedBytesOf(pid) },
    ]),
  )
  return { logBytes, processes }
}

/** Whether a run did more between two looks than wait. @param ms how long that was */
export function didMore(before: Doings, now: Doings, ms: number): boolean {
  if (now.logBytes !== before.logBytes) return true
  let cpuTicks = 0
  let movedBytes = 0
  for (const [who, done] of now.processes) {
    const had = before.processes.get(who) ?? { cpuTicks: 0, movedBytes: 0 }
    cpuTicks += Math.max(0, done.cpuTicks - had.cpuTicks)
    movedBytes += Math.max(0, done.movedBytes - had.movedBytes)
  }
  const seconds = ms / 1000
  return cpuTicks > WAITING.cpu * TICKS_A_SECOND * seconds || movedBytes > WAITING.bytesASecond * seconds
}
