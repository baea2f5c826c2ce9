import t from 'tap'
import { html } from '../../../src/views/api/html.ts'
import { fieldsOf, typeOf } from '../../../src/views/api/schema-text.ts'

t.test('whatever is put into HTML is text there, unless it is HTML', async (t) => {
  const evil = `<b onclick="x('&')">`
  t.equal(html`<p title="${evil}">`.text, '<p title="&#60;b onclick=&#34;x(&#39;&#38;&#39;)&#34;&#62;">')
  t.equal(html`<p>${[html`<i>a</i>`, '<', undefined]}</p>`.text, '<p><i>a</i>&#60;</p>')
})

t.test('a schema is told in a few words', async (t) => {
  t.equal(typeOf({ type: 'integer' }), 'integer')
  t.equal(typeOf({ type: 'string', format: 'date-time' }), 'date-time')
  t.equal(typeOf({ type: 'boolean', const: false }), 'false')
  t.equal(typeOf({ enum: ['a', 1] }), '"a" | 1')
  t.equal(typeOf({ anyOf: [{ type: 'object' }, { type: 'object' }, { type: 'null' }] }), 'object | null')
  t.equal(typeOf({ type: 'array', items: { $ref: '#/components/schemas/Failure' } }), 'Failure[]')
})

t.test('its fields are told by their paths, those that may be absent with a question mark', async (t) => {
  const inner = {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'integer', description: 'Which.' } },
  }
  t.same(
    fieldsOf({
      type: 'object',
      required: ['list'],
      properties: { list: { type: 'array', items: inner }, one: { anyOf: [inner, { type: 'null' }] } },
    }),
    [
      ['list', 'object[]', undefined],
      ['list[].id', 'integer', 'Which.'],
      ['one?', 'object | null', undefined],
      ['one.id', 'integer', 'Which.'],
    ],
  )
})
