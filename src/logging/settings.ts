import path from 'node:path'
import { count, filePath, flag, number, oneOf, setting } from '../settings/form.ts'
import { part } from '../settings/part.ts'

/** pino's levels. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** What is written where, and how long it is kept. */
export interface LogSettings {
  readonly level: LogLevel
  readonly dir: string
  readonly serverLogPath: string
  readonly mirror: boolean
  /** Whether it is noted, beside each run's log, when it grew. */
  readonly times: boolean
  /** What is kept of run logs and their rows in the ledger; 0: all. */
  readonly keep: { readonly days: number; readonly count: number; readonly mb: number }
  /** A run whose log passes it is ended; 0: none. */
  readonly maxMb: number
  readonly dbPath: string
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  critical: 'fatal',
  silent: 'silent',
}

const forms = {
  CODEX_EXEC_LOG_DIR: setting(filePath('the path of a directory'), '`logs`', 'the directory of the run logs'),
  LOOPER_SERVER_LOG_PATH: setting(
    filePath(),
    '`looper-server.log` in the log directory',
    'the server log: a link to the current file in `<path>.d/`, which is rotated each day and at 50 MB; 10 files are kept. A device or a pipe (`/dev/stdout`) is written to directly',
    'logs/looper-server.log',
  ),
  LOOPER_LOG_LEVEL: setting(
    oneOf(
      'trace|debug|info|warn|warning|error|fatal|critical|silent',
      'one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, SILENT',
    ),
    '`DEBUG`',
    'the level of the server log: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL` or `SILENT`',
  ),
  LOOPER_MIRROR_OUTPUT: setting(flag(), '`1`', "copy the agents' output into the server log"),
  LOOPER_LOG_TIMES: setting(
    flag(),
    '`0`',
    'note beside each run log, in `<log>.times`, when it grew, for the dashboard, `looper logs --since` and `GET /runs/<run_id>/log/times`',
  ),
  LOOPER_DB_PATH: setting(
    filePath(),
    '`looper.db` in the log directory',
    'the ledger, a SQLite database of all runs',
    'logs/looper.db',
  ),
  LOOPER_RUN_LOG_KEEP_DAYS: setting(
    number(0, 36_500, 'a number of days, 0 to 36500 (0: keep all)'),
    '`0`',
    'delete runs that are older than this many days, with their logs; 0: keep all',
  ),
  LOOPER_RUN_LOG_KEEP_COUNT: setting(
    count('a number of runs, 0 or more (0: keep all)'),
    '`0`',
    'keep this many runs at most and delete the oldest; 0: keep all',
  ),
  LOOPER_RUN_LOG_KEEP_MB: setting(
    count('a number of megabytes, 0 or more (0: keep all)'),
    '`0`',
    'keep this many megabytes of run logs at most; 0: keep all',
  ),
  LOOPER_RUN_LOG_MAX_MB: setting(
    count('a number of megabytes, 0 or more (0: no limit)'),
    '`0`',
    'end a run whose log becomes larger than this many megabytes; 0: never',
  ),
}

/** The settings of logs and of the record. */
export const logSettings = part('Logs and data', forms, (values, { resolve }): LogSettings => {
  const dir = resolve(values.CODEX_EXEC_LOG_DIR ?? 'logs')
  return {
    level: LEVELS[values.LOOPER_LOG_LEVEL?.toLowerCase() ?? ''] ?? 'debug',
    dir,
    serverLogPath: values.LOOPER_SERVER_LOG_PATH
      ? resolve(values.LOOPER_SERVER_LOG_PATH)
      : path.join(dir, 'looper-server.log'),
    mirror: values.LOOPER_MIRROR_OUTPUT ?? true,
    times: values.LOOPER_LOG_TIMES ?? false,
    keep: {
      days: values.LOOPER_RUN_LOG_KEEP_DAYS ?? 0,
      count: values.LOOPER_RUN_LOG_KEEP_COUNT ?? 0,
      mb: values.LOOPER_RUN_LOG_KEEP_MB ?? 0,
    },
    maxMb: values.LOOPER_RUN_LOG_MAX_MB ?? 0,
    dbPath: values.LOOPER_DB_PATH ? resolve(values.LOOPER_DB_PATH) : path.join(dir, 'looper.db'),
  }
})
