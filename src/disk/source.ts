import type { RunRemains } from '../record/remains.ts'

/** Why something stays, whatever the cap. */
export const REASONS = ['live', 'recent', 'resumable', 'in_use', 'unmerged'] as const
/** See {@link REASONS}. */
export type Reason = (typeof REASONS)[number]

/** A session, as its agent calls it. */
export interface Session {
  readonly agent: string
  readonly id: string
}

/** Something of a run that takes room. */
export interface Remnant {
  /** What it is called: a path, or `run <id>`. */
  readonly what: string
  /** The run that it is of, the last one where it is of several; null: none that is on the record. */
  readonly runId: string | null
  readonly bytes: number
  /** When that run ended, in milliseconds since the epoch: the oldest goes first. */
  readonly at: number
  /** The session that it is of. */
  readonly session: Session | null
  /** Why it stays; null: it may go. */
  readonly kept: Reason | null
}

/** What a source takes. */
export interface Measured {
  readonly bytes: number
  readonly remnants: readonly Remnant[]
}

/** What is known of runs when it is measured, all at one moment. */
export interface Facts {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** A session whose last run ended so long ago at most may be gone on in. */
  readonly resumableMs: number
  /** All runs on the record, in the order in which they came there. */
  readonly runs: readonly RunRemains[]
  /** The logs of runs that live. */
  readonly liveLogs: ReadonlySet<string>
}

/** A kind of what takes room. It follows no links, and touches nothing outside of its own folders. */
export interface DiskSource {
  readonly name: string
  /** So many go in one pass at most, because each takes long; left out: as many as a pass takes. */
  readonly mostAPass?: number
  /** @throws {Error} where it cannot be measured at the moment */
  measure(facts: Facts): Promise<Measured>
  /**
   * Removes a remnant that may go, and tells true; false where it is needed again, or the signal aborted before it was gone.
   * @throws {Error} where it cannot be removed
   */
  remove(remnant: Remnant, facts: Pick<Facts, 'now' | 'resumableMs'>, signal: AbortSignal): Promise<boolean>
}
