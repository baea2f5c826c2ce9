import t from 'tap'
import { Type as TypeBox } from 'typebox'
import { Type } from '../../src/base/schema.ts'

const closed = { additionalProperties: false }
const letter = { pattern: '^[a-z]$' }

/** What Looper builds, and what TypeBox does. */
const PAIRS: readonly (readonly [object, object])[] = [
  [Type.String(), TypeBox.String()],
  [Type.String({ pattern: '^a', minLength: 1 }), TypeBox.String({ pattern: '^a', minLength: 1 })],
  [Type.Number(), TypeBox.Number()],
  [Type.Number({ minimum: 0, maximum: 1 }), TypeBox.Number({ minimum: 0, maximum: 1 })],
  [Type.Integer(), TypeBox.Integer()],
  [Type.Integer({ minimum: 1 }), TypeBox.Integer({ minimum: 1 })],
  [Type.Boolean(), TypeBox.Boolean()],
  [Type.Null(), TypeBox.Null()],
  [Type.Literal(true), TypeBox.Literal(true)],
  [Type.Literal('a'), TypeBox.Literal('a')],
  [Type.Enum(['a', 'b']), TypeBox.Enum(['a', 'b'])],
  [Type.Union([Type.String(), Type.Null()]), TypeBox.Union([TypeBox.String(), TypeBox.Null()])],
  [Type.Union([Type.Null()], { description: 'a' }), TypeBox.Union([TypeBox.Null()], { description: 'a' })],
  [Type.Array(Type.String()), TypeBox.Array(TypeBox.String())],
  [Type.Array(Type.Null(), { minItems: 1 }), TypeBox.Array(TypeBox.Null(), { minItems: 1 })],
  [Type.Object({}), TypeBox.Object({})],
  [
    Type.Object({ a: Type.String(), b: Type.Optional(Type.String()) }),
    TypeBox.Object({ a: TypeBox.String(), b: TypeBox.Optional(TypeBox.String()) }),
  ],
  [
    Type.Object({ a: Type.Optional(Type.Null()) }, closed),
    TypeBox.Object({ a: TypeBox.Optional(TypeBox.Null()) }, closed),
  ],
  [Type.Record(Type.String(), Type.Null()), TypeBox.Record(TypeBox.String(), TypeBox.Null())],
  [
    Type.Record(Type.String(letter), Type.Null(), closed),
    TypeBox.Record(TypeBox.String(letter), TypeBox.Null(), closed),
  ],
]

t.test('each builder makes the schema that TypeBox makes', async (t) => {
  for (const [ours, theirs] of PAIRS) t.equal(JSON.stringify(ours), JSON.stringify(theirs))
})

t.test('a schema that is optional in one place may be required in another', async (t) => {
  const text = Type.String()
  t.strictSame(Type.Object({ a: Type.Optional(text), b: text }).required, ['b'])
})
