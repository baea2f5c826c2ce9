import { MAX_SECONDS } from '../../base/clock.ts'
import { type Static, Type } from '../../base/schema.ts'
import { DEFAULT_LIMITS, type Limits } from './governor.ts'

/** What a loop may be called: it stands in addresses, in the name of its slot and in file names. */
export const LOOP_NAME = '^[a-z0-9][a-z0-9-]{0,57}$'
/** The same in words. */
export const LOOP_NAME_WORDS = '1 to 58 small letters, digits and hyphens, beginning with a letter or digit.'
/** Whether a round has a session of its own, or goes on in that of the round before. */
export const SESSIONS = ['fresh', 'continue'] as const
/** What a gate that fails may mean. */
export const GATE_FAILURES = ['fail', 'go', 'skip'] as const
/** Whether the work tree is kept after each round. */
export const CHECKPOINTS = ['off', 'on'] as const
/** What a limit is called that is none. */
export const UNLIMITED = 'unlimited'

const MOST_CHARACTERS = 500_000

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength }), Type.Null()], { description }))
const limit = (
  least: ReturnType<typeof Type.Integer> | ReturnType<typeof Type.Number>,
  description: string,
) =>
  Type.Optional(
    Type.Union([least, Type.Literal(UNLIMITED), Type.Null()], {
      description: `${description} "${UNLIMITED}": never.`,
    }),
  )
const count = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const CompletionWord = Type.String({
  pattern: '^\\S([^\\r\\n]*\\S)?$',
  maxLength: 200,
  description: 'One line, without spaces around it.',
})
const amount = Type.Number({ exclusiveMinimum: 0 })

/** What the next round alone is told; empty: nothing. */
export const Hint = Type.String({ maxLength: 20_000 })

/** What a loop is, as its owner says it. Null counts as absent. */
export const LoopDefinition = Type.Object(
  {
    user: Type.String({
      pattern: '\\S',
      maxLength: MOST_CHARACTERS,
      description: 'What each round is to do.',
    }),
    system: text(MOST_CHARACTERS, 'What the agent is told beside its own instructions.'),
    agent: text(100, 'The agent; GET /agents lists them. Without it, that of the settings.'),
    model: text(200, 'The model, as the agent calls it.'),
    workspace: text(4096, 'The directory the agent works in. Without it, that of the settings.'),
    session: Type.Optional(
      Type.Enum([...SESSIONS], {
        description:
          'fresh: each round begins a session. continue: it goes on in that of the round before. By default fresh.',
      }),
    ),
    interval_seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: MAX_SECONDS,
        description: 'The wait between the end of a round and the next one; by default 5.',
      }),
    ),
    verify: text(
      2000,
      'A command line that checks the work after each round that ended well; the loop ends when it passes.',
    ),
    monitor: text(
      2000,
      'A command line that is run before each round; the last 64 KiB of what it prints stand in the prompt, as data.',
    ),
    monitor_interval_seconds: Type.Optional(
      Type.Union([Type.Number({ minimum: 1, maximum: MAX_SECONDS }), Type.Null()], {
        description: 'Run it so often instead, as long as the loop is at work.',
      }),
    ),
    gate: text(
      2000,
      'A command line that says whether there is something to do: it exits with 0: go; 75: nothing now; else it failed.',
    ),
    gate_failure: Type.Optional(
      Type.Enum([...GATE_FAILURES], {
        description:
          'What a gate that fails means. fail: a round that failed; go: go anyway; skip: nothing to do. By default fail.',
      }),
    ),
    checkpoints: Type.Optional(
      Type.Enum([...CHECKPOINTS], {
        description:
          'on: the work tree is kept after each round, as a commit that no branch knows, to be restored. By default off.',
      }),
    ),
    completion_word: Type.Optional(
      Type.Union([CompletionWord, Type.Null()], {
        description:
          'The loop ends when the agent says exactly this, alone on a line, and verify does not refute it.',
      }),
    ),
    max_iterations: limit(count, 'The loop ends after so many rounds; by default 50.'),
    max_seconds: limit(amount, 'The loop ends so long after its start; by default 86400, a day.'),
    max_tokens: limit(count, 'The loop ends when its rounds have used so many; by default never.'),
    max_cost_usd: limit(
      amount,
      'The loop ends when its rounds have cost so many US dollars; by default never.',
    ),
    max_unchanged: limit(
      count,
      'It pauses after so many rounds in a row that changed nothing; by default 5.',
    ),
    max_same_failures: limit(count, 'It pauses when the same failure came so often in a row; by default 3.'),
  },
  { additionalProperties: false },
)
/** What a loop is, as its owner says it. */
export type LoopDefinition = Static<typeof LoopDefinition>

const INTERVAL_SECONDS = 5

/** How long it waits between rounds, in milliseconds. */
export const intervalOf = ({ interval_seconds: seconds = INTERVAL_SECONDS }: LoopDefinition): number =>
  seconds * 1000

/** What ends it. */
export function limitsOf(definition: LoopDefinition): Limits {
  return {
    iterations: orDefault(definition.max_iterations, DEFAULT_LIMITS.iterations),
    timeMs: orDefault(definition.max_seconds, DEFAULT_LIMITS.timeMs, 1000),
    tokens: orDefault(definition.max_tokens, DEFAULT_LIMITS.tokens),
    costUsd: orDefault(definition.max_cost_usd, DEFAULT_LIMITS.costUsd),
    noChange: orDefault(definition.max_unchanged, DEFAULT_LIMITS.noChange),
    sameFailure: orDefault(definition.max_same_failures, DEFAULT_LIMITS.sameFailure),
  }
}

function orDefault(
  given: number | typeof UNLIMITED | null | undefined,
  standard: number | null,
  unit = 1,
): number | null {
  if (given == null) return standard
  return given === UNLIMITED ? null : given * unit
}

/** The slot in which the rounds of a loop run. */
export const slotOf = (name: string): string => `loop/${name}`

/** The loop whose rounds run in a slot; null: it is no loop's. */
export const loopIn = (slot: string): string | null => (slot.startsWith('loop/') ? slot.slice(5) : null)
