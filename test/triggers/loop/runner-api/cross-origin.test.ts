import t from 'tap'
import { COUNTING } from '../../../helpers/loop-service.ts'
import { setUpRunner } from '../../../helpers/runner-api.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const PAGE = 'http://localhost:8080'
const FROM_PAGE = { origin: PAGE, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }
const WANTED = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type',
}
const cors = (headers: Headers) => [...headers].filter(([name]) => name.startsWith('access-control-'))

t.test('no page of elsewhere may do anything, by default', async (t) => {
  const { api, state } = await setUpRunner(t, COUNTING)
  for (const [what, asking] of [
    ['state', {}],
    ['config', { body: { monitor: { command: 'id' } } }],
    ['start', { method: 'POST' }],
    ['config', { method: 'OPTIONS', headers: WANTED }],
    ['events', {}],
  ] as const) {
    const answer = await api(what, {
      ...asking,
      headers: { ...FROM_PAGE, ...('headers' in asking && asking.headers) },
    })
    t.match(answer, { status: 403, body: { code: 'LOOPER_ORIGIN_FORBIDDEN' } }, what)
    t.same(cors(answer.headers), [])
  }
  const simple = {
    'content-type': 'text/plain',
    origin: 'http://evil.example',
    'sec-fetch-site': 'cross-site',
  }
  t.equal((await api('config', { body: '{"monitor":{"command":"id"}}', headers: simple })).status, 403)
  t.equal((await api('state', { headers: { host: 'evil.example' } })).status, 200, 'fetch sends its own name')
  const options = await api('anything', { method: 'OPTIONS' })
  t.match(options, { status: 200, body: '' })
  t.same(cors(options.headers), [])
  t.equal((await state()).config.monitor, null)
})

t.test("the page that the owner names may use Loop Runner's API, and nothing else", async (t) => {
  const { api, service, listen, post, state } = await setUpRunner(t, COUNTING, {
    LOOPER_ALLOWED_ORIGINS: PAGE,
  })
  const preflight = await api('config', { method: 'OPTIONS', headers: { ...FROM_PAGE, ...WANTED } })
  t.match(preflight, { status: 200, body: '' })
  t.match(Object.fromEntries(preflight.headers), {
    'access-control-allow-origin': PAGE,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': /authorization, content-type/,
    vary: 'origin',
  })
  const changed = await api('config', { body: { user: 'by the page' }, headers: FROM_PAGE })
  t.match(changed, { status: 200, body: { config: { user: 'by the page' } } })
  t.match(cors(changed.headers), [['access-control-allow-origin', PAGE]])
  const wrong = await api('config', { body: { user: 7 }, headers: FROM_PAGE })
  t.equal(wrong.status, 400)
  t.match(cors(wrong.headers), [['access-control-allow-origin', PAGE]], 'it may see why')
  for (const what of ['state', 'history', 'models'])
    t.equal((await api(what, { headers: FROM_PAGE })).status, 200, what)
  t.equal((await api('stop', { method: 'POST', headers: FROM_PAGE })).status, 200)
  const stream = await listen(FROM_PAGE)
  t.equal(stream.headers['access-control-allow-origin'], PAGE)
  await post('working', { working: 'W' })
  await stream.untilSeen('config')

  for (const other of ['http://localhost:8081', 'https://localhost:8080', 'http://localhost', 'null'])
    t.equal((await api('state', { headers: { ...FROM_PAGE, origin: other } })).status, 403, other)
  const run = await fetch(`${service().url}/run`, {
    method: 'POST',
    headers: { ...FROM_PAGE, 'content-type': 'application/json' },
    body: '{}',
  })
  t.equal(run.status, 403)
  t.equal((await fetch(`${service().url}/loops`, { headers: FROM_PAGE })).status, 403)
  t.equal((await state()).config.user, 'by the page')
})

t.test('a token is asked for as everywhere, and its scope counts', async (t) => {
  const { api, listen } = await setUpRunner(t, COUNTING, {
    LOOPER_ALLOWED_ORIGINS: PAGE,
    LOOPER_API_TOKEN: 'secret',
    LOOPER_HOST: '127.0.0.1',
  })
  t.equal((await api('config', { method: 'OPTIONS', headers: { ...FROM_PAGE, ...WANTED } })).status, 200)
  for (const what of ['state', 'history', 'models', 'events'])
    t.equal((await api(what, { headers: FROM_PAGE })).status, 401, what)
  for (const what of ['config', 'start', 'stop', 'working', 'persistent'])
    t.equal((await api(what, { body: {}, headers: FROM_PAGE })).status, 401, what)
  const known = { ...FROM_PAGE, authorization: 'Bearer secret' }
  t.equal((await api('state', { headers: known })).status, 200)
  t.match((await listen(known)).seen[0], { type: 'connected' })
})
