import type { Logger } from 'pino'
import type { AgentCommand } from '../agents/agent-core.ts'
import type { Clock } from '../base/clock.ts'
import type { Identity, ProcessTable } from '../processes/table.ts'

/**
 * What a check of a run's work is called: it has a wrapper and a word of its own, and the cookie of the run. It is forgotten
 * with the run.
 */
export const checkIdOf = (runId: string): string => `${runId}.verify`

/** Whose cookie that is. */
export const cookieOf = (id: string): string => id.replace(/\..*$/, '')

/** What is started, where, and with which environment. */
export interface LaunchSpec {
  /** Of a run, or of its check. */
  readonly runId: string
  readonly workspace: string
  readonly command: AgentCommand
  readonly logPath: string
  /** The agent's environment; the cookie is added to it. */
  readonly env: NodeJS.ProcessEnv
  /** Throws where this must not be launched any more. Nothing is awaited between that and the launch. */
  readonly assertAllowed: () => void
}

/** A run that has begun. */
export interface Launched {
  readonly agent: Identity
  readonly wrapper: Identity
  /** The agent's status, as soon as it has ended; null where the wrapper was gone without a word. Never rejects. */
  readonly status: Promise<number | null>
  /** Resolves when the wrapper says no more: true where the log is complete, or there is no room for its end. */
  readonly complete: Promise<boolean>
}

/** What a run's wrapper has told so far, kept for a service that was not there to listen. */
export interface Word {
  readonly wrapper: Identity | null
  readonly agent: Identity | null
  /** The agent's status, negative for a signal. */
  readonly status: number | null
  readonly isComplete: boolean
}

/** What a place needs. */
export interface PlaceDeps {
  /** Where it keeps what a later life of the service has to know. */
  readonly stateDir: string
  readonly table: ProcessTable
  readonly clock: Clock
}

/** A kind of places. */
export interface PlacePlugin {
  /** Whoever opens it closes it. */
  open(deps: PlaceDeps): Place
}

/** Where runs live: an agent behind a wrapper that outlives the service. */
export interface Place {
  /**
   * Starts an agent, detached, with the log as its output. Resolves as soon as its pid is known, a moment before its
   * program begins.
   * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`, `LOOPER_WORKSPACE_CLOSED`, `LOOPER_LAUNCH_FAILED`, and what
   * `assertAllowed` throws
   */
  launch(spec: LaunchSpec): Promise<Launched>
  /** Makes the next launch with this environment quicker, if it can. Never throws. */
  prepare(env: NodeJS.ProcessEnv): void
  /** The runs of which it keeps a word. @throws {Error} where nobody can say at the moment */
  runs(): readonly string[]
  /** Nulls where nothing was told. @throws {Error} where nobody can say at the moment */
  wordOf(runId: string): Word
  /** Whether a launch of an earlier life has not told yet who its agent is. @throws {Error} likewise */
  isAnybodyToTell(): Promise<boolean>
  /** The folder of a run's own, where its agent's private files are put; it is removed with the run. */
  dirOf(runId: string): string
  /** Removes what only the launch itself needed. */
  tidy(runId: string): void
  /** Forgets a run; where that fails it is told, and no matter. */
  forget(runId: string, logger: Logger): void
  /** What marks the processes of its runs. */
  readonly owner: string
  close(): Promise<void>
}
