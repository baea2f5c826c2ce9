import t from 'tap'
import { Type } from 'typebox'
import { readChecked } from '../../src/base/json-file.ts'

const Schema = Type.Object({ a: Type.Object({ b: Type.Number() }) })

t.test('what fits is returned as it is', async (t) => {
  t.strictSame(readChecked(Schema, '{"a":{"b":1,"more":2}}', 'it'), { a: { b: 1, more: 2 } })
})

t.test('what does not fit is told with its place', async (t) => {
  t.throws(() => readChecked(Schema, '{"a":{"b":"1"}}', 'it'), { message: /^it: \/a\/b .*number/ })
  t.throws(() => readChecked(Schema, '7', 'it'), { message: /^it: the whole .*object/ })
})

t.test('what is no JSON is told without the text around the mistake', async (t) => {
  const texts = [
    '',
    'sesame',
    '{"secret": sesame}',
    `${' '.repeat(99)}{"secret": sesame${' '.repeat(99)}`,
    '{"a":"sesame" x',
    '{"a":"sesame\n"}',
  ]
  for (const text of texts) {
    t.throws(() => readChecked(Schema, text, 'it'), { message: /^it is not JSON: \S/ }, text)
    try {
      readChecked(Schema, text, 'it')
    } catch (error) {
      t.notMatch(String(error), 'sesame', text)
    }
  }
})
