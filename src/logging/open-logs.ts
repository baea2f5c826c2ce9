import { messageOf } from '../base/errors.ts'
import { makeWritable } from '../base/files.ts'
import { ConfigError } from '../settings/config-error.ts'
import { LogPlaceError } from './log-place.ts'
import type { ListSecrets } from './redact.ts'
import { openServerLog, type ServerLog } from './server-log.ts'
import type { LogSettings } from './settings.ts'

/**
 * Makes the log directory. One that is missing may be mounted soon: that is no wrong setting, and starting again may help.
 * @throws {Error} saying what to mend or to set
 */
export function makeLogDir(dir: string): void {
  try {
    makeWritable(dir)
  } catch (error) {
    const what = `cannot write in the log directory ${dir}: ${messageOf(error)}`
    throw new Error(`${what}; fix it, or set CODEX_EXEC_LOG_DIR`, { cause: error })
  }
}

/**
 * Opens the server log; it is the same with that.
 * @param taken the files that other settings name
 * @throws {ConfigError} where something else is at its path
 * @throws {Error} saying what to mend or to set
 */
export async function openLog(
  log: LogSettings,
  taken: readonly string[],
  secrets: ListSecrets,
): Promise<ServerLog> {
  // A plain file there would be taken for an older log, and moved aside.
  if ([log.dbPath, ...taken].includes(log.serverLogPath)) {
    throw new ConfigError([
      `LOOPER_SERVER_LOG_PATH: ${log.serverLogPath} is the file of another setting; name another path`,
    ])
  }
  try {
    return await openServerLog(log.serverLogPath, log.level, undefined, secrets)
  } catch (error) {
    if (error instanceof LogPlaceError) throw new ConfigError([`LOOPER_SERVER_LOG_PATH: ${error.message}`])
    const what = `cannot open the server log ${log.serverLogPath}: ${messageOf(error)}`
    throw new Error(`${what}; fix it, or set LOOPER_SERVER_LOG_PATH`, { cause: error })
  }
}
