import t from 'tap'
import { ajv } from '../../src/base/ajv.ts'
import { MAX_SECONDS } from '../../src/base/clock.ts'
import type { LooperError } from '../../src/base/errors.ts'
import { orNull, type TSchema, Type } from '../../src/base/schema.ts'
import { fieldError } from '../../src/http/field-error.ts'

/** What is said of a value that a schema does not let through. */
function wrongIn(schema: TSchema, value: unknown): LooperError {
  const check = ajv().compile(schema)
  if (check(value)) throw new Error('it is let through')
  const [fault, ...more] = check.errors ?? []
  if (fault === undefined) throw new Error('nothing is said')
  return fieldError([fault, ...more])
}

const Text = Type.String({ minLength: 2, maxLength: 3 })
const count = Type.Integer({ minimum: 1, maximum: 9 })
const unlimited = Type.Literal('unlimited')
const PATTERN = '^a$'
const FIELDS: readonly [field: string, TSchema, value: unknown, error: string][] = [
  ['text', Text, 7, "'text' must be a string"],
  ['text', Text, 'xxxx', "'text' must be a text of at most 3 characters"],
  ['text', orNull(Text), 'x', "'text' must be a text of 2 or more characters"],
  ['user', Type.String({ pattern: '\\S' }), ' \n', "'user' must be a text of more than spaces"],
  ['a', Type.String({ pattern: PATTERN, description: 'An a, alone.' }), 'b', "'a' must be an a, alone"],
  ['a', Type.String({ pattern: PATTERN }), 'b', "'a' must be a string"],
  ['a_id', Type.String({ pattern: '^[0-9]$', description: 'Of an a.' }), 'b', "'a_id' must be a number"],
  ['on', Type.Boolean(), 'yes', "'on' must be true or false"],
  ['some', Type.Array(Text), {}, "'some' must be a list"],
  ['some', Type.Array(Text), [7], "'some/0' must be a string"],
  ['one', Type.Object({}), null, "'one' must be an object"],
  ['one', orNull(Type.Object({})), 'x', "'one' must be an object"],
  ['one', Type.Object({ text: Text }), {}, "missing 'one/text'"],
  ['one', Type.Object({}, { additionalProperties: false }), { x: 1 }, "there is no field 'x'"],
  ['mode', Type.Enum(['a']), 'b', '\'mode\' must be "a"'],
  ['mode', orNull(Type.Enum(['a', 'b', 'c'])), 1, '\'mode\' must be "a", "b" or "c"'],
  ['count', count, 1.5, "'count' must be a whole number"],
  ['count', count, 0, "'count' must be >= 1"],
  ['count', count, 10, "'count' must be <= 9"],
  ['share', Type.Number(), '1', "'share' must be a number"],
  ['max_tokens', Type.Integer(), 'x', "'max_tokens' must be a whole number of tokens, 0 or more"],
  ['wants', Type.Array(Text), [7], '\'wants\' must be a list of "asks", "ends" and "holds"'],
  ['max_tokens', Type.Union([count, unlimited]), 0, '\'max_tokens\' must be >= 1, or "unlimited"'],
  ['max', Type.Union([count, unlimited, Type.Null()]), 'x', '\'max\' must be a whole number, or "unlimited"'],
]

t.test('what is wrong with a field is told, as its schema has it', async (t) => {
  for (const [field, schema, value, error] of FIELDS) {
    const found = wrongIn(Type.Object({ [field]: schema }), { [field]: value })
    t.match(found, { code: 'LOOPER_FIELD_INVALID', message: error }, `${error}: ${JSON.stringify(value)}`)
    t.equal(found.message, error)
  }
})

t.test('seconds may be a text in some fields; it is told what is wrong with the number', async (t) => {
  const seconds = Type.Number({ minimum: 0, maximum: MAX_SECONDS })
  const either = Type.Union([seconds, Type.String({ pattern: '^[0-9]+$' }), Type.Null()])
  const told = (schema: TSchema, wait_seconds: unknown) =>
    wrongIn(Type.Object({ wait_seconds: schema }), { wait_seconds }).message
  for (const [value, error] of [
    ['-1', '>= 0'],
    ['1e12', `<= ${MAX_SECONDS}`],
    ['soon', 'a number'],
    [' ', 'a number'],
    [true, 'a number'],
    [-1, '>= 0'],
    [1e12, `<= ${MAX_SECONDS}`],
    [Number.POSITIVE_INFINITY, `<= ${MAX_SECONDS}`],
  ] as const)
    t.equal(told(either, value), `'wait_seconds' must be ${error}`, String(value))
  t.equal(told(seconds, '-1'), "'wait_seconds' must be a number", 'no text is taken here')
  t.equal(
    told(Type.Number({ exclusiveMinimum: 0 }), 0),
    "'wait_seconds' must be > 0",
    'its own limit, not that of other seconds',
  )
})

t.test('what is missing is named; of a notice in the words that callers know', async (t) => {
  const missing = wrongIn(Type.Object({ user: Text }), {})
  t.match(missing, { code: 'LOOPER_FIELD_INVALID', status: 400, message: "missing 'user'" })
  const Body = Type.Object({ zulip_message: Type.String({ pattern: '\\S' }) })
  for (const body of [{}, { zulip_message: null }, { zulip_message: ' ' }])
    t.match(wrongIn(Body, body), { code: 'LOOPER_MESSAGE_MISSING', message: "missing 'zulip_message'" })
  t.match(wrongIn(Body, { zulip_message: 7 }), { message: "'zulip_message' must be a string" })
  for (const body of [[], null, 7])
    t.match(wrongIn(Body, body), {
      code: 'LOOPER_BODY_INVALID',
      message: 'the body is not a JSON object',
    })
})
