import type { Clock } from '../base/clock.ts'
import { plainStats } from '../base/plain-file.ts'
import { type Identity, type ProcessTable, TICKS_A_SECOND } from '../processes/table.ts'

/** When an agent wrote last, by the measure of what processes have as their start. */
export interface LastWord {
  /** Is to be told often how long the log is. */
  heard(logBytes: number): void
  /** Whether a process began after it. */
  isBefore(info: Pick<Identity, 'start'> & { readonly state: string }): boolean
}

/**
 * When the agent behind a log wrote last: from now on as it is seen, to the time between two looks; before, by the time of the
 * file, as no more is known. Where the table knows no times, nothing began after it.
 */
export function lastWord(
  { logPath }: { readonly logPath: string },
  { table, clock }: { readonly table: Pick<ProcessTable, 'startNow'>; readonly clock: Pick<Clock, 'now'> },
): LastWord {
  let bytes: number | null = null
  /** Of the last look before the word: what began in between may have begun after it. */
  let said = Number.POSITIVE_INFINITY
  let looked = said
  return {
    heard(logBytes) {
      const now = table.startNow() ?? Number.POSITIVE_INFINITY
      if (bytes === null) {
        const ageMs = clock.now() - (plainStats(logPath)?.mtimeMs ?? clock.now())
        said = now - (Math.max(0, ageMs) / 1000) * TICKS_A_SECOND
      } else if (logBytes !== bytes) said = looked
      bytes = logBytes
      looked = now
    },
    isBefore: ({ start, state }) => state !== 'zombie' && Number(start) > said,
  }
}
