import type { Clock } from '../base/clock.ts'
import type { Notify } from './notice.ts'

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
  /** Where an answer goes: {@link Ear.at}. */
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
  /** How to send to the place of something that was heard; null where it is none. */
  at(place: string): Notify | null
  /** What calls those whose words count, at the beginning of a message; nothing where there is nobody. */
  readonly call: string
  /** Reacts to a message itself, so that others need only do the same. @throws {Error} with a sentence, where that failed */
  offer(messageId: number, signs: readonly Sign[], signal: AbortSignal): Promise<void>
  /** A text from elsewhere that calls nobody, and gives nothing away. */
  plain(text: string): string
}
