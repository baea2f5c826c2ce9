import type { Binary } from '../agents/binary.ts'
import type { Notify } from '../notices/notice.ts'
import type { Identity } from '../processes/table.ts'

/** Who asked for a run. */
export type Trigger = 'http' | 'autopoll'

/** What a launch needs to know; everything in it was checked. */
export interface LaunchRequest {
  /** 8 hex digits, with `auto` before them for the autopoll. */
  readonly requestId: string
  readonly trigger: Trigger
  readonly workspace: string
  readonly prompt: string
  readonly binary: Binary
}

/** A whole request: announce, stop, and launch unless `launch` is null. */
export interface RunRequest {
  readonly requestId: string
  readonly message: string
  readonly notify: Notify
  readonly launch: LaunchRequest | null
  readonly delayMs: number
  readonly startupCheckMs: number
}

/** How a run ended: the agent's status, negative for a signal; null where nobody can know it. */
export interface RunEnd {
  readonly returnCode: number | null
}

/** A run from its launch on. */
export interface Run {
  readonly runId: string
  readonly requestId: string
  readonly trigger: Trigger
  readonly workspace: string
  /** The argv as one shell-quoted line. */
  readonly command: string
  readonly logPath: string
  readonly agent: Identity
  /** Resolves when the agent ended, its log is complete and nothing of its tree is left. Never rejects. */
  readonly ended: Promise<RunEnd>
}

/** What a request led to. */
export interface RunResult {
  readonly noticeOutput: string
  readonly stopped: readonly number[]
  readonly remaining: readonly number[]
  readonly run: Run | null
  /** 0 where the agent already ended well within the startup check, else null. */
  readonly startupReturnCode: number | null
}
