import type { Clock } from '../../base/clock.ts'
import type { LoopCommands } from './commands.ts'
import type { LoopRecords } from './records.ts'

/** What it takes. */
export interface WatchMonitorDeps {
  readonly records: Pick<LoopRecords, 'find' | 'update'>
  readonly commands: Pick<LoopCommands, 'run'>
  readonly clock: Pick<Clock, 'monotonic'>
}

/**
 * Looks after the monitor of a loop that has an interval of its own: each call runs it if it is due, and resolves with the
 * milliseconds until it is again; null: there is none.
 */
export function watchMonitor(
  name: string,
  { records, commands, clock }: WatchMonitorDeps,
  signal: AbortSignal,
): () => Promise<number | null> {
  let dueAt = 0
  return async () => {
    const loop = records.find(name)
    const { monitor, monitor_interval_seconds: seconds } = loop?.definition ?? {}
    if (loop === null || monitor == null || seconds == null) return null
    const left = dueAt - clock.monotonic()
    if (left > 0) return left
    const { output } = await commands.run(loop, 'watch', signal)
    // What another monitor printed meanwhile counts.
    const isStill = records.find(name)?.definition.monitor === monitor
    if (isStill && !signal.aborted) records.update(name, { monitorOutput: output })
    dueAt = clock.monotonic() + seconds * 1000
    return seconds * 1000
  }
}
