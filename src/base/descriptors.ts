import { readFileSync } from 'node:fs'

/** What most systems give a process, for where that cannot be read. */
const COMMON = 1024

/** How many descriptors this process may have open (proc_pid_limits(5)). */
export function mostDescriptors(limits = '/proc/self/limits'): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync(limits, 'utf8'))?.[1] ?? COMMON)
  } catch {
    return COMMON
  }
}
