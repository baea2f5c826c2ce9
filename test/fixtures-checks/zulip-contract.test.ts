import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import path from 'node:path'
import { Ajv, type AnySchema } from 'ajv'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { openZulip, type ZulipMessage } from '../../src/notices/zulip/client.ts'
import { FOREIGN_ID, startLoopbackZulip, USERS } from '../fixtures/loopback-zulip.ts'

const PROJECT = path.resolve(import.meta.dirname, '../..')
const CONTRACT = path.resolve(PROJECT, '../shared/zulip-openapi.yaml')
const skip = existsSync(CONTRACT) ? false : 'the OpenAPI file of Zulip is not on this machine'

const FORM = 'application/x-www-form-urlencoded'
const POST = '~1messages/post'
const PATCH = '~1messages~1{message_id}/patch'
const STREAM = { type: 'stream', to: 'coding', topic: 'builds', content: 'Hello' }
const DIRECT = { type: 'private', to: '["ada@zulip.example"]', content: 'Hello' }

/** Validates against the part of the OpenAPI file at this JSON pointer; answers with what is wrong. */
function contract() {
  // Not strict: an OpenAPI document has keywords of its own.
  const ajv = new Ajv({ strict: false, allErrors: true })
  const document: AnySchema = parse(readFileSync(CONTRACT, 'utf8'))
  ajv.addSchema(document, 'zulip')
  return (pointer: string, value: unknown, operation = POST) => {
    const validate = ajv.compile({ $ref: `zulip#/paths/${operation}/${pointer}` })
    return validate(value) ? [] : [value, validate.errors]
  }
}

async function setUp(t: Test) {
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const { email, key } = zulip.account
  const basic = (user: string, password: string) =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const call = async (
    path: string,
    form: Record<string, string> | null,
    headers: Record<string, string> = {},
    method = form ? 'POST' : 'GET',
  ) => {
    const response = await fetch(`${zulip.url}/api/v1${path}`, {
      method,
      headers: { authorization: basic(email, key), ...headers },
      body: form ? new URLSearchParams(form).toString() : null,
    })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    call('/messages', form, { 'content-type': FORM, ...headers })
  const patch = (id: number, form: Record<string, string>, headers: Record<string, string> = {}) =>
    call(`/messages/${id}`, form, { 'content-type': FORM, ...headers }, 'PATCH')
  return { zulip, email, key, basic, call, post, patch }
}

t.test('every answer of the loopback Zulip is one the server may give', { skip }, async (t) => {
  const { email, key, basic, post } = await setUp(t)
  const problems = contract()
  const { type, to, topic, content } = STREAM
  const code = (name: string, more = {}) => ({ result: 'error', code: name, ...more })
  const cases: [string, ReturnType<typeof post>, number, object][] = [
    ['a message to a channel', post(STREAM), 200, { result: 'success', msg: '' }],
    ['a message to a person', post(DIRECT), 200, { result: 'success', msg: '' }],
    [
      'an unknown parameter',
      post({ ...STREAM, color: 'red' }),
      200,
      { ignored_parameters_unsupported: ['color'] },
    ],
    ['no type', post({ to, topic, content }), 400, code('REQUEST_VARIABLE_MISSING', { var_name: 'type' })],
    ['no to', post({ type, topic, content }), 400, code('REQUEST_VARIABLE_MISSING', { var_name: 'to' })],
    ['no content', post({ type, to, topic }), 400, code('REQUEST_VARIABLE_MISSING', { var_name: 'content' })],
    ['no topic', post({ type, to, content }), 400, code('REQUEST_VARIABLE_MISSING', { var_name: 'topic' })],
    [
      'JSON in place of a form',
      post(STREAM, { 'content-type': 'application/json' }),
      400,
      code('REQUEST_VARIABLE_MISSING'),
    ],
    ['an unknown type', post({ ...STREAM, type: 'pigeon' }), 400, code('BAD_REQUEST')],
    ['an empty message', post({ ...STREAM, content: ' \n' }), 400, code('BAD_REQUEST')],
    ['a null byte', post({ ...STREAM, content: 'a\0b' }), 400, code('BAD_REQUEST')],
    [
      'an unknown channel',
      post({ ...STREAM, to: 'nowhere' }),
      400,
      code('STREAM_DOES_NOT_EXIST', { stream: 'nowhere' }),
    ],
    ['two channels', post({ ...STREAM, to: '["coding","general"]' }), 400, code('BAD_REQUEST')],
    ['nobody', post({ ...DIRECT, to: '[]' }), 400, code('BAD_REQUEST')],
    ['an unknown e-mail address', post({ ...DIRECT, to: '["x@zulip.example"]' }), 400, code('BAD_REQUEST')],
    ['an unknown user id', post({ ...DIRECT, to: '[99]' }), 400, code('BAD_REQUEST')],
    ['a bad key', post(STREAM, { authorization: basic(email, 'wrong') }), 401, code('INVALID_API_KEY')],
    [
      'a bad e-mail address',
      post(STREAM, { authorization: basic('x@zulip.example', key) }),
      401,
      code('INVALID_API_KEY'),
    ],
    ['no credentials', post(STREAM, { authorization: '' }), 401, code('INVALID_API_KEY')],
  ]
  for (const [name, sent, status, facts] of cases) {
    const answer = await sent
    t.match(answer, { status, body: facts }, name)
    t.strictSame(problems(`responses/${status}/content/application~1json/schema`, answer.body), [], name)
  }
})

t.test('every answer of the loopback Zulip to an edit is one the server may give', { skip }, async (t) => {
  const { zulip, email, basic, post, patch } = await setUp(t)
  const problems = contract()
  await post(STREAM)
  const refused = (msg: string) => ({ result: 'error', code: 'BAD_REQUEST', msg })
  const content = 'Done'
  const cases: [string, () => ReturnType<typeof patch>, number, object][] = [
    ['an edit', () => patch(42, { content }), 200, { result: 'success', msg: '', detached_uploads: [] }],
    [
      'an unknown parameter',
      () => patch(42, { content, color: 'red' }),
      200,
      { ignored_parameters_unsupported: ['color'] },
    ],
    ['no content', () => patch(42, {}), 400, refused('Nothing to change')],
    [
      'JSON in place of a form',
      () => patch(42, { content }, { 'content-type': 'application/json' }),
      400,
      refused('Nothing to change'),
    ],
    [
      'a null byte',
      () => patch(42, { content: 'a\0b' }),
      400,
      refused('Message must not contain null bytes'),
    ],
    ['an unknown message', () => patch(43, { content }), 400, refused('Invalid message(s)')],
    [
      'the message of somebody else',
      () => patch(FOREIGN_ID, { content }),
      400,
      refused("You don't have permission to edit this message"),
    ],
    [
      'a bad key',
      () => patch(42, { content }, { authorization: basic(email, 'wrong') }),
      401,
      { code: 'INVALID_API_KEY' },
    ],
    [
      'a message too old',
      () => {
        zulip.passEditLimit()
        return patch(42, { content })
      },
      400,
      refused('The time limit for editing this message has passed'),
    ],
  ]
  for (const [name, send, status, facts] of cases) {
    const answer = await send()
    t.match(answer, { status, body: facts }, name)
    const schema = `responses/${status}/content/application~1json/schema`
    t.strictSame(problems(schema, answer.body, PATCH), [], name)
  }
  t.strictSame(zulip.edits, [
    { id: 42, content },
    { id: 42, content },
  ])
})

t.test('the check itself tells a wrong answer from a right one', { skip }, async (t) => {
  const problems = contract()
  const answers = (status: number) => `responses/${status}/content/application~1json/schema`
  t.not(problems(answers(200), { result: 'success', msg: '' }).length, 0, 'no id')
  t.not(problems(answers(200), { result: 'success', msg: '', id: 1, x: 1 }).length, 0, 'a foreign field')
  t.not(problems(answers(400), { result: 'error', msg: 'no code' }).length, 0, 'no code')
  const wait = { result: 'error', msg: '', code: 'RATE_LIMIT_HIT', 'retry-after': 28.7 }
  t.strictSame(problems(answers(429), wait), [], 'a wait in fractions of a second')
  const success = { result: 'success', msg: '' }
  t.not(problems(answers(200), { ...success, id: 1 }, PATCH).length, 0, 'an edit makes no message')
})

/** A client, and the requests it made of a server that takes all of them. */
async function recorded(t: Test) {
  const requests: { method: string; url: string; headers: IncomingHttpHeaders; text: string }[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const chunks: Buffer[] = await request.toArray()
    requests.push({ method, url, headers, text: Buffer.concat(chunks).toString('utf8') })
    response.end('{"result":"success","msg":"","id":1}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : null
  const account = { site: `http://127.0.0.1:${port}`, email: 'bot@zulip.example', key: 'k' }
  return { requests, client: await openZulip(account, {}, new AbortController().signal) }
}

t.test('what the client sends is what the API documents', { skip }, async (t) => {
  const problems = contract()
  const { requests, client } = await recorded(t)

  const messages: ZulipMessage[] = [
    { type: 'stream', to: 'coding', topic: 'builds & more', content: '100 % = ☃\n+ more' },
    { type: 'stream', to: '2024', topic: 'builds', content: 'Hello' },
    { type: 'private', to: ['ada@zulip.example'], content: 'Hello' },
    { type: 'private', to: [8, 9], content: 'Hello' },
  ]
  for (const message of messages) await client.send(message)

  const schema = `requestBody/content/${FORM.replace('/', '~1')}/schema`
  const documented = Object.keys(
    parse(readFileSync(CONTRACT, 'utf8')).paths['/messages'].post.requestBody.content[FORM].schema.properties,
  )
  t.equal(requests.length, messages.length)
  for (const [index, { method, url, headers, text }] of requests.entries()) {
    t.equal(`${method} ${url}`, 'POST /api/v1/messages')
    t.equal(headers['content-type']?.split(';')[0], FORM)
    t.equal(headers.authorization, `Basic ${Buffer.from('bot@zulip.example:k').toString('base64')}`)
    const form = Object.fromEntries(new URLSearchParams(text))
    const fields = { ...form, to: JSON.parse(form.to ?? '') }
    t.strictSame(fields, messages[index])
    t.strictSame(problems(schema, fields), [])
    t.strictSame(
      Object.keys(form).filter((name) => !documented.includes(name)),
      [],
    )
  }
})

t.test(
  'what the client edits with is what the API documents, and nothing but the text',
  { skip },
  async (t) => {
    const problems = contract()
    const { requests, client } = await recorded(t)
    const content = `100 % = ☃\n+ more & ?x=1#y ${'🌍'.repeat(9000)}`
    await client.update(42, content)
    t.match(requests, [{ method: 'PATCH', url: '/api/v1/messages/42' }])
    const [{ headers, text } = { headers: {}, text: '' }] = requests
    t.equal(headers['content-type']?.split(';')[0], FORM)
    t.equal(headers.authorization, `Basic ${Buffer.from('bot@zulip.example:k').toString('base64')}`)
    const fields = Object.fromEntries(new URLSearchParams(text))
    t.strictSame(fields, { content })
    t.strictSame(problems(`requestBody/content/${FORM.replace('/', '~1')}/schema`, fields, PATCH), [])
  },
)

t.test('the loopback Zulip lists its users in the shape of the API', async (t) => {
  const { call } = await setUp(t)
  const { status, body } = await call('/users', null)
  t.equal(status, 200)
  t.strictSame(body, { result: 'success', msg: '', members: USERS })
  for (const user of USERS) {
    t.match(user, { user_id: Number, email: String, full_name: String, is_active: Boolean, is_bot: Boolean })
  }
})

t.test('the loopback Zulip knows no other path, and lists messages as they are asked for', async (t) => {
  const { call } = await setUp(t)
  t.match(await call('/streams', null), { status: 404, body: { result: 'error' } })
  const missing = { status: 400, body: { code: 'REQUEST_VARIABLE_MISSING' } }
  t.match(await call('/messages', null), missing)
  t.match(await call('/messages?num_before=5&anchor=newest', null), missing)
  const all = '/messages?anchor=newest&apply_markdown=false&num_after=0&num_before='
  t.match(await call(`${all}5001`, null), { status: 400, body: { code: 'BAD_REQUEST' } })
  t.match(await call(`${all}100`, null), { status: 200, body: { result: 'success', messages: [] } })
})
