import type { Clock } from '../base/clock.ts'

/** Somebody who says or does something where notices go, as the other side knows them; never what a text claims. */
export interface Person {
  /** The other side's name of them that nobody else can have. */
  readonly id: string
  /** As the record has them. */
  readonly name: string
}

/** A message of a person. */
export interface Said {
  readonly kind: 'said'
  /** The other side's number of it. */
  readonly messageId: number
  readonly person: Person
  /** What was said, without whom it is said to and what it quotes. */
  readonly text: string
  /** The message that it answers by quoting it; null: none. */
  readonly quotes: number | null
  /** Whether it is said to Looper, and not just where Looper reads. */
  readonly isToUs: boolean
  /** Where an answer goes, in the other side's words. */
  readonly place: string
  /** Milliseconds since the epoch, by the other side's clock. */
  readonly at: number
}

/** What a reaction to a message can mean: one of several choices, from 1 on, or yes or no. */
export type Sign = number | 'yes' | 'no'

/** A reaction of a person to a message. */
export interface Reacted {
  readonly kind: 'reacted'
  /** The message that it is made to. */
  readonly messageId: number
  readonly person: Person
  readonly sign: Sign
}

/** What was heard. */
export type Heard = Said | Reacted

/** Who takes what an ear hears. */
export interface Hearer {
  /** Up to which message of an account all was heard; null: nothing was yet. */
  last(account: string): number | null
  /** All up to this message of an account was heard. */
  passed(account: string, messageId: number): void
  /** The messages whose reactions may have been missed. */
  watched(): readonly number[]
  /** Resolves when it was dealt with. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`: it is to be heard again */
  hear(account: string, heard: Heard): Promise<void>
  /** All is heard from now on. */
  connected(): void
  /** Nothing is heard until it is connected again. */
  failed(why: string): void
  /** Something is worth telling its owner, once. */
  warn(text: string): void
}

/** Listens to people where notices go. */
export interface Ear {
  /** The ids of those whose words count. */
  readonly people: ReadonlySet<string>
  /** Hears what people say from now on, and what was missed since the last time, until the signal aborts. Never rejects. */
  listen(hearer: Hearer, clock: Pick<Clock, 'sleep'>, signal: AbortSignal): Promise<void>
}
