import type { Logger } from 'pino'
import type { Finding } from '../base/finding.ts'
import type { Redact } from '../logging/redact.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Outcome } from '../runs/outcome.ts'
import type { Part } from '../settings/part.ts'
import type { Ear } from './ear.ts'

/** What came of a notice. */
export interface Receipt {
  /** One line that tells it, as callers see it. */
  readonly output: string
  /** The message that it is; null where it cannot be edited. */
  readonly messageId: number | null
}

/**
 * Sends one notice; resolves once it is delivered.
 * @throws {Error} with a sentence that says why it could not be sent
 */
export type Notify = (message: string, signal: AbortSignal) => Promise<Receipt>

/**
 * Sends the notice with which a run begins. @param runId null: nothing begins
 * @throws {Error} as {@link Notify}
 */
export type Announce = (message: string, signal: AbortSignal, runId: string | null) => Promise<Receipt>

/**
 * Puts a new text in place of a notice's; false where that message may not be edited (any more).
 * @throws {Error} with a sentence that says why it failed
 */
export type Amend = (messageId: number, content: string, signal: AbortSignal) => Promise<boolean>

/**
 * The number of a message with this text that was sent since then, in milliseconds since the epoch, and is no known one; null:
 * none arrived. @throws {Error} where the other side does not say
 */
export type Arrived = (
  content: string,
  since: number,
  isKnown: (messageId: number) => boolean,
  signal: AbortSignal,
) => Promise<number | null>

/** A run that ended, as far as its notice tells of it. */
export type EndedRun = Pick<
  RunRecord,
  | 'runId'
  | 'name'
  | 'noticeText'
  | 'launchedAt'
  | 'endedAt'
  | 'returnCode'
  | 'cause'
  | 'remedy'
  | 'tokensUsed'
  | 'verdict'
  | 'verdictCause'
  | 'changes'
> & { readonly outcome: Outcome }

/** How the end of a run is told, in the words of that way. */
export interface Ends {
  readonly amend: Amend
  /** Null where the other side cannot be asked what arrived. */
  readonly arrived: Arrived | null
  /** The run's notice with its end below it. */
  edited(run: EndedRun, output: string): string
  /** A message of its own. */
  sent(run: EndedRun, output: string): string
  /** What the agent of a run says to people. */
  told(run: Pick<RunRecord, 'name'>, message: string): string
}

/** How notices would be sent now; nothing is sent. */
export interface NoticeRoute {
  /** The name of the way; `log`: there are no credentials, so notices go to the server log only. */
  readonly kind: string
  readonly route: string | null
  /** Why they would fail; null where nothing is known against it. */
  readonly problem: string | null
}

/** What a sender needs. */
export interface SenderDeps {
  /** It names proxies and authorities. */
  readonly env: NodeJS.ProcessEnv
  readonly redact: Redact
  readonly logger: Logger
  /** Told of a notice for which nothing is configured. */
  readonly skipped: (message: string) => void
}

/** A way to tell people that is open. */
export interface Sender {
  readonly notify: Notify
  /** Null where a notice is no message that could be edited: then ends are not told. */
  readonly ends: Ends | null
  /** Null where nobody is listened to. */
  readonly ear: Ear | null
}

/** A way to tell people, as its settings want it. */
export interface Notice {
  readonly name: string
  /** Looks anew at each call. */
  route(): NoticeRoute
  open(deps: SenderDeps): Sender
  /** What nobody may see, as it is now. @throws {Error} where a file of it is unusable */
  secrets(): readonly string[]
  /** The files that it reads. */
  readonly files: readonly string[]
  /** What is wrong with its settings; null: nothing. */
  finding(): Finding | null
  /** What its owner should know at start, as a sentence. */
  warning(): string | null
  /** Asks the other side who we are; sends nothing. */
  probe(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Finding>
}

/** A kind of notices. */
export interface NoticePlugin {
  /** Null where its settings do not ask for it. */
  readonly settings: Part<Notice | null>
  /** Scripts of the project, as relative paths, that requests may name as senders. */
  readonly ownScripts: readonly string[]
  /** Whether a variable is its own, and kept from agents. */
  isOwnVariable(name: string): boolean
  /** Notices through a script that a request names. */
  byScript?(script: string, deps: Omit<SenderDeps, 'skipped'>): Notify
}
