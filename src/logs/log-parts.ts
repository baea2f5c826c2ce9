import { diffPathOf } from './diff-path.ts'
import { isRunLogName } from './run-log.ts'
import { timesPathOf } from './times-file.ts'
import { verifyLogPathOf } from './verify-log.ts'

const BESIDE = [timesPathOf, verifyLogPathOf, diffPathOf]

/** What may lie beside the log of a run, and goes with it. */
export const besideLog = (logPath: string): readonly string[] => BESIDE.map((pathOf) => pathOf(logPath))

/** The name of the run log that a file is, or lies beside; null where it is nothing of a run. */
export function runLogOf(name: string): string | null {
  if (isRunLogName(name)) return name
  const end = name.lastIndexOf('.')
  const log = name.slice(0, Math.max(0, end))
  return isRunLogName(log) && besideLog(log).includes(name) ? log : null
}
