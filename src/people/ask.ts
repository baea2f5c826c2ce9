import { createHash } from 'node:crypto'

/** Where an ask stands: it waits, somebody answered, its deadline passed, or its run ended before. */
export const ASK_STATES = ['open', 'answered', 'expired', 'withdrawn'] as const
/** Where an ask stands. */
export type AskState = (typeof ASK_STATES)[number]

/** What the agent of a run wants to know of people. */
export interface Question {
  readonly question: string
  /** What may be answered; empty: anything. */
  readonly choices: readonly string[]
  /** What counts as the answer where nobody gives one until the deadline; null: nothing. */
  readonly defaultAnswer: string | null
  /** Milliseconds since the epoch, as all times here; null: none. */
  readonly deadlineAt: number | null
  /** What it is about: the id of a report, an address, a path; null: nothing more. */
  readonly reference: string | null
  /** Whether its run ends now, and goes on with the answer. */
  readonly isParking: boolean
}

/** A question on the record. */
export interface Ask extends Question {
  /** Short, to be typed. */
  readonly id: string
  /** The run that asks; where that was parked, the one that goes on with it. */
  readonly runId: string
  /** Of what is asked: see {@link digestOf}. */
  readonly digest: string
  readonly askedAt: number
  readonly state: AskState
  /** With the state `expired` the default, if there is one; else null. */
  readonly answer: string | null
  /** The name of the token that answered, or the person where notices go; null: nobody, or no token was asked for. */
  readonly answeredBy: string | null
  /** When it was answered, expired or was withdrawn. */
  readonly settledAt: number | null
}

/** A digest of what is asked, but for when: who answers says by it which question was seen. In hex. */
export function digestOf({ question, choices, defaultAnswer, reference }: Question): string {
  const asked = JSON.stringify([question, choices, defaultAnswer, reference])
  return createHash('sha256').update(asked).digest('hex')
}
