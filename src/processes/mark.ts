import { createHash } from 'node:crypto'

/**
 * What every process of a run inherits and cannot hide: its soft limit of real-time (RLIMIT_RTTIME, µs), which has no
 * effect on processes that are not scheduled in real time, and at these values on none. Limits are kept over fork, exec
 * and setuid, and `/proc/PID/limits` is open to everybody, also where `environ` is closed or written over (setrlimit(2),
 * proc_pid_limits(5)).
 */
export interface Mark {
  /** Of which run, as {@link runPart} tells it. */
  readonly run: string
  /** Of whose runs, as {@link ownerPart} tells it. */
  readonly owner: string
}

/** 2^62 and above: 146,000 years, and below what counts as no limit. Then 24 bits for the owner, 36 for the run. */
const FIRST_DIGIT = '4'
const OWNER_DIGITS = 6
const RUN_DIGITS = 9

/** Names a run. */
export const runPart = (runId: string): string => digits(runId, RUN_DIGITS)

/** Names the service that has its state files there. */
export const ownerPart = (stateDir: string): string => digits(stateDir, OWNER_DIGITS)

/** The limit that marks a run's processes, in microseconds. */
export function limitOf(runId: string, stateDir: string): string {
  return BigInt(`0x${FIRST_DIGIT}${ownerPart(stateDir)}${runPart(runId)}`).toString()
}

/** Whether a process with these limits, as `/proc/self/limits` tells them, may set such a limit for itself. */
export function mayMark(limits: string): boolean {
  return /^Max realtime timeout +\S+ +unlimited/m.test(limits)
}

/** Reads a mark from such a limit; null for any other. */
export function parseMark(limit: string): Mark | null {
  const text = BigInt(limit).toString(16)
  if (text.length !== 1 + OWNER_DIGITS + RUN_DIGITS || !text.startsWith(FIRST_DIGIT)) return null
  return { owner: text.slice(1, 1 + OWNER_DIGITS), run: text.slice(1 + OWNER_DIGITS) }
}

const digits = (text: string, count: number) =>
  createHash('sha256').update(text).digest('hex').slice(0, count)
