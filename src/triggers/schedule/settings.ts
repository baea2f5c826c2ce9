import { integer, setting } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'

/** How far agents may schedule runs. */
export interface ScheduleSettings {
  readonly maxDays: number
  /** In all slots. */
  readonly maxWaiting: number
  readonly maxPerSlot: number
  /** So many runs in a row, each scheduled by the one before. */
  readonly maxDepth: number
}

const whole = (most: number) => integer(1, most, `a whole number, 1 to ${most}`)

const forms = {
  LOOPER_SCHEDULE_MAX_DAYS: setting(
    whole(366),
    '`30`',
    'how many days ahead agents may schedule the next run of their slot',
  ),
  LOOPER_SCHEDULE_MAX_WAITING: setting(
    whole(1000),
    '`20`',
    'how many runs that agents have scheduled may wait for their time',
  ),
  LOOPER_SCHEDULE_MAX_PER_SLOT: setting(whole(1000), '`5`', 'how many of them in one slot'),
  LOOPER_SCHEDULE_MAX_DEPTH: setting(
    whole(100_000),
    '`50`',
    'how many runs in a row may each be scheduled by the one before, until a person, a webhook or the autopoll begins anew',
  ),
}

/** The settings of what agents schedule. */
export const scheduleSettings = part(
  'Tools',
  forms,
  (values): ScheduleSettings => ({
    maxDays: values.LOOPER_SCHEDULE_MAX_DAYS ?? 30,
    maxWaiting: values.LOOPER_SCHEDULE_MAX_WAITING ?? 20,
    maxPerSlot: values.LOOPER_SCHEDULE_MAX_PER_SLOT ?? 5,
    maxDepth: values.LOOPER_SCHEDULE_MAX_DEPTH ?? 50,
  }),
)
