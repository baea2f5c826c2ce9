import { MAX_SECONDS } from '../../base/clock.ts'
import { DEFAULT_SLOT, SLOT_NAME } from '../../runs/slots.ts'
import { flag, integer, matching, number, seconds, setting } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'
import type { TriggerReading } from '../trigger.ts'

/** When the default run is launched by itself. Times are in milliseconds. */
export interface AutopollSettings {
  readonly enabled: boolean
  readonly slot: string
  readonly pollMs: number
  readonly staleMs: number
  readonly maxRunsPerHour: number
}

const DEFAULT_POLL_SECONDS = 300

const forms = {
  LOOPER_AUTO_START_WHEN_IDLE: setting(
    flag(),
    '`1`',
    'launch the default prompt whenever nothing runs; needs a default workspace and a default prompt',
  ),
  LOOPER_AUTO_START_SLOT: setting(
    matching(new RegExp(SLOT_NAME), 'a name of letters, digits, and . _ / -'),
    '`default`',
    'the slot in which the default prompt is launched when nothing runs there',
  ),
  LOOPER_IDLE_POLL_SECONDS: setting(
    number(-Number.MAX_VALUE, MAX_SECONDS, `a number of seconds, up to ${MAX_SECONDS}`),
    '`300`',
    'seconds between two checks',
  ),
  LOOPER_IDLE_LOG_STALE_SECONDS: setting(
    seconds(),
    '`0`',
    'above 0: launch nothing while the newest run log changed within this many seconds',
  ),
  LOOPER_AUTO_MAX_RUNS_PER_HOUR: setting(
    integer(1, 3600, 'a number of runs, 1 to 3600'),
    '`12`',
    'how many runs the autopoll launches within an hour at most',
  ),
}

/** The settings of the autopoll. */
export const autopollSettings = part(
  'Autopoll',
  forms,
  (values, { warnings, launch: { workspace, prompt } }: TriggerReading): AutopollSettings => {
    let pollSeconds = values.LOOPER_IDLE_POLL_SECONDS ?? DEFAULT_POLL_SECONDS
    if (pollSeconds <= 0) {
      warnings.push(`LOOPER_IDLE_POLL_SECONDS is ${pollSeconds}; using ${DEFAULT_POLL_SECONDS}`)
      pollSeconds = DEFAULT_POLL_SECONDS
    }
    const wanted = values.LOOPER_AUTO_START_WHEN_IDLE ?? true
    const enabled = wanted && workspace !== null && prompt.kind !== 'none'
    if (wanted && !enabled) {
      warnings.push(
        'The autopoll is off: it needs LOOPER_WORKSPACE, and LOOPER_DEFAULT_PROMPT or LOOPER_DEFAULT_PROMPT_FILE',
      )
    }
    return {
      enabled,
      slot: values.LOOPER_AUTO_START_SLOT ?? DEFAULT_SLOT,
      pollMs: pollSeconds * 1000,
      staleMs: (values.LOOPER_IDLE_LOG_STALE_SECONDS ?? 0) * 1000,
      maxRunsPerHour: values.LOOPER_AUTO_MAX_RUNS_PER_HOUR ?? 12,
    }
  },
)
