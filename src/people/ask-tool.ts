import type { Clock } from '../base/clock.ts'
import { Type } from '../base/schema.ts'
import { type Tool, tool } from '../tools/tool.ts'
import type { Ask } from './ask.ts'
import type { Asks } from './asks.ts'
import type { Parking } from './parking.ts'
import { AskInput, questionOf } from './question.ts'

/** So long it may take until an answer has gone out, or a connection that was cut shows, in milliseconds. */
const GONE_MS = 200

/** What the tools take. */
export interface AskToolsDeps {
  readonly asks: Asks
  readonly parking: Pick<Parking, 'assertPossible'>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** So long a call waits for an answer, in milliseconds: some agents cut off what takes a minute. */
  readonly waitMs: number
}

/** Asks people something, and waits a little. */
export const askTool = ({ asks, parking, clock, waitMs }: AskToolsDeps): Tool =>
  tool({
    name: 'ask',
    description:
      'Ask the people who watch this run, where you cannot know or must not decide. It waits up to 50 s for the answer; after that go on with what does not depend on it, and call check_answer; or let the run end meanwhile, with park.',
    input: AskInput,
    isReadOnly: false,
    async call(input, run, signal) {
      const question = questionOf(input, clock.now())
      if (question.isParking) parking.assertPossible(run)
      const { ask } = asks.ask(run.runId, question)
      if (question.isParking) return { ...standing(ask), note: PARKED }
      return heard((await asks.settled(ask.id, waitMs, signal)) ?? ask, { asks, clock }, signal)
    },
  })

/** Looks what became of a question, and waits a little. */
export const checkAnswerTool = ({ asks, clock, waitMs }: AskToolsDeps): Tool =>
  tool({
    name: 'check_answer',
    description: 'The answer to a question of this run; it waits up to 50 s for it.',
    input: Type.Object({ ask_id: Type.String({ maxLength: 64 }) }, { additionalProperties: false }),
    isReadOnly: true,
    async call({ ask_id: id }, { runId }, signal) {
      // Of what others asked nothing is told, not even that it is there.
      const found = asks.find(id)
      const ask = found?.runId === runId ? await asks.settled(id, waitMs, signal) : null
      if (ask === null) throw new Error('this run has asked nothing under this ask_id')
      return heard(ask, { asks, clock }, signal)
    },
  })

/**
 * Where it stands, for its agent. What came of it counts as heard when that has gone out: who was cut off before, also by
 * the end of the service, may ask the same again.
 */
function heard(ask: Ask, { asks, clock }: Pick<AskToolsDeps, 'asks' | 'clock'>, signal: AbortSignal) {
  if (ask.state !== 'open')
    clock
      .sleep(GONE_MS, signal)
      .then(() => asks.noteHeard(ask.id))
      .catch(() => undefined)
  return standing(ask)
}

/** Where an ask stands, in words for its agent. */
export function standing({ id, state, answer }: Ask): Readonly<Record<string, unknown>> {
  const told = { ask_id: id, state, answer }
  switch (state) {
    case 'open':
      return { ...told, note: `Not yet answered. Call check_answer with ask_id ${id}.` }
    case 'answered':
      return told
    case 'expired':
      return {
        ...told,
        note: answer === null ? NOBODY : 'Nobody answered until the deadline: this is your default.',
      }
    case 'withdrawn':
      return { ...told, note: 'The question was withdrawn, as its run ended.' }
  }
}

const PARKED = 'This run ends now, and goes on in its session when people have answered. Do nothing more.'
const NOBODY = 'Nobody answered until the deadline. Decide by yourself, or ask again.'
