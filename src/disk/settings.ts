import { count, number, setting } from '../settings/form.ts'
import { part } from '../settings/part.ts'

/** How much room what runs leave may take. */
export interface DiskSettings {
  /** 0: any. */
  readonly capBytes: number
  /** So long after its end a run can be gone on in. */
  readonly resumableMs: number
}

const MIB = 1_048_576
const DAY_MS = 86_400_000

const forms = {
  LOOPER_DISK_CAP_MB: setting(
    count('a number of megabytes, 0 or more (0: no cap)'),
    '`0`',
    'keep what runs leave (their logs, the record, the sessions of their agents) below this many megabytes, and delete the oldest; 0: no cap',
  ),
  LOOPER_RESUMABLE_DAYS: setting(
    number(0, 36_500, 'a number of days, 0 to 36500'),
    '`7`',
    'what it takes to resume a run is not deleted by `LOOPER_DISK_CAP_MB` until so many days after its end',
  ),
}

/** The settings of the cap. */
export const diskSettings = part(
  'Disk',
  forms,
  (values): DiskSettings => ({
    capBytes: (values.LOOPER_DISK_CAP_MB ?? 0) * MIB,
    resumableMs: (values.LOOPER_RESUMABLE_DAYS ?? 7) * DAY_MS,
  }),
)
