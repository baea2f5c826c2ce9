import { errnoOf } from '../base/errors.ts'

/** Whether a process is there, and may be signalled: `closed` is another user's (kill(2), signal 0). */
export type Reach = 'open' | 'closed' | 'gone'

/** Asks the system for a pid, whatever the process table shows. */
export function reach(pid: number, kill: (pid: number, signal: 0) => unknown = process.kill): Reach {
  try {
    kill(pid, 0)
    return 'open'
  } catch (error) {
    return errnoOf(error) === 'EPERM' ? 'closed' : 'gone'
  }
}
