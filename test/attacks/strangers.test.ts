import path from 'node:path'
import t from 'tap'
import { exchange, type RawRequest, startTarget } from '../helpers/live-run.ts'

const TOKEN = 'main-token-7d1f9c'
const HOOK = 'hook-secret-1c2d3e'
const ZULIP = 'abcdef0123456789'
const HARMLESS = 'a-word-of-nobody'
const JSON_TYPE = { 'content-type': 'application/json' }

/** Every place of a request that a stranger may write a guess into. */
const PLACES: [string, (guess: string) => RawRequest][] = [
  ['a path', (guess) => ({ path: `/${guess}` })],
  ['many guesses', (guess) => ({ path: `/${Array(500).fill(guess).join(',')}` })],
  ['a path below a route', (guess) => ({ path: `/health/${guess}` })],
  ['a query', (guess) => ({ path: `/nothing?${guess}` })],
  ['a run', (guess) => ({ path: `/runs/${guess}` })],
  ['a wrong method', (guess) => ({ method: 'DELETE', path: `/runs/${guess}` })],
  ['a hook', (guess) => ({ method: 'POST', path: `/hooks/${guess}`, headers: JSON_TYPE, body: '{}' })],
  ['a hook by a wrong method', (guess) => ({ path: `/hooks/${guess}` })],
  [
    'a type',
    (guess) => ({
      method: 'POST',
      path: '/hooks/ci',
      headers: { 'content-type': `text/${guess}` },
      body: 'x',
    }),
  ],
  ['a body', (guess) => ({ method: 'POST', path: '/hooks/ci', headers: JSON_TYPE, body: guess })],
  ['a host', (guess) => ({ path: '/health', headers: { host: guess } })],
  ['an origin', (guess) => ({ path: '/health', headers: { origin: `http://${guess}` } })],
  ['an agent', (guess) => ({ path: '/nothing', headers: { 'user-agent': guess, referer: guess } })],
  ['an address that is none', (guess) => ({ path: `/%zz${guess}` })],
]

t.test('what strangers send is never in an answer, and no secret makes one another', async (t) => {
  const hooks = { ci: { kind: 'bearer', secret: HOOK, message: 'x' } }
  const { send, service, untouched } = await startTarget(
    t,
    { LOOPER_API_TOKEN: TOKEN, LOOPER_HOOKS_FILE: path.join(t.testdirName, 'hooks.json') },
    {
      headers: { authorization: `Bearer ${TOKEN}` },
      files: { 'hooks.json': JSON.stringify({ hooks }) },
    },
  )
  for (const [what, request] of PLACES) {
    const answers = []
    for (const guess of [HARMLESS, TOKEN, HOOK, ZULIP]) {
      const { status, text } = await send(request(guess))
      t.ok(status >= 400, `${what}: ${status}`)
      t.notOk(text.includes(guess) || text.includes('[redacted]'), `${what} is not said again: ${text}`)
      const { request_id, ...rest } = JSON.parse(text)
      answers.push(JSON.stringify([status, rest]))
    }
    // The 21st failed attempt is told to wait; that is no matter of what was sent.
    t.equal(new Set(answers).size, 1, `${what}: one answer, whatever was sent`)
  }
  const raw = await exchange(service.url, `${TOKEN} /${TOKEN}\r\n\r\n`)
  t.notOk(raw.includes(TOKEN) || raw.includes('[redacted]'), 'what is no request')
  await untouched(t, 'guesses')
})
