import { LooperError } from '../base/errors.ts'
import { type Static, Type } from '../base/schema.ts'
import { checkText } from '../runs/prompt.ts'
import type { Ask, Question } from './ask.ts'

const MOST_SECONDS = 30 * 24 * 3600
/** So long may an answer be, in characters. */
export const MOST_ANSWER = 10_000

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description }))

/** What the agent gives. */
export const AskInput = Type.Object(
  {
    question: Type.String({
      minLength: 1,
      maxLength: 4000,
      description: 'Whole by itself: who answers sees nothing else. Markdown.',
    }),
    choices: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
        minItems: 2,
        maxItems: 10,
        uniqueItems: true,
        description: 'The only answers that can be given.',
      }),
    ),
    default: text(1000, 'The answer where nobody gives one until the deadline.'),
    deadline_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_SECONDS })),
    reference: text(500, 'What it is about: an id of a report, an address, a path.'),
    park: Type.Optional(
      Type.Boolean({
        description: 'true: this run ends now, and goes on in its session with the answer, also tomorrow.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** What is asked. @throws {Error} where it does not fit together, in words for the agent */
export function questionOf(input: Static<typeof AskInput>, now: number): Question {
  const { question, choices = [], default: given = null, deadline_seconds: seconds, reference = null } = input
  const isParking = input.park === true
  for (const one of [question, ...choices, given ?? '', reference ?? '']) checkText(one, 'question')
  if (question.trim() === '') throw new Error('question is empty; say what you want to know')
  if (given !== null && seconds === undefined)
    throw new Error('default counts when the deadline has passed; give deadline_seconds, too')
  if (given !== null && choices.length > 0 && !choices.includes(given))
    throw new Error('default must be one of the choices')
  const deadlineAt = seconds === undefined ? null : now + seconds * 1000
  return { question, choices, defaultAnswer: given, deadlineAt, reference, isParking }
}

/** Whether that may be the answer. @throws {LooperError} `LOOPER_FIELD_INVALID` */
export function checkAnswer(answer: string, { choices }: Pick<Ask, 'choices'>): void {
  checkText(answer, 'answer')
  if (choices.length > 0 && !choices.includes(answer))
    throw invalid(`'answer' must be one of: ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`)
  if (answer.trim() === '') throw invalid("'answer' must not be empty")
  if (answer.length > MOST_ANSWER) throw invalid(`'answer' must have at most ${MOST_ANSWER} characters`)
}

const invalid = (sentence: string) => new LooperError('LOOPER_FIELD_INVALID', sentence)
