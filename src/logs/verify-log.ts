import { discard } from '../base/plain-file.ts'
import { beginLog, type RunLogHeader } from './run-log.ts'

/** Where the output of a run's check goes: a log of the same form, beside that of the run, and removed with it. */
export const verifyLogPathOf = (logPath: string): string => `${logPath}.verify`

/** Begins it anew: a check that was broken off may be run again. @throws {Error} of Node's */
export function beginVerifyLog(logPath: string, header: RunLogHeader): string {
  const file = verifyLogPathOf(logPath)
  discard(file)
  beginLog(file, header)
  return file
}
