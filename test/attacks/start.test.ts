import { once } from 'node:events'
import path from 'node:path'
import t, { type Test } from 'tap'
import { failureOf, sendRaw, startTarget } from '../helpers/live-run.ts'
import { spawnService, startTestService } from '../helpers/service.ts'

/** Runs a service that refuses to start. */
async function refusal(settings: NodeJS.ProcessEnv) {
  const child = spawnService(settings)
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  return { code, output }
}

const emptyLogs = (test: Test) => test.testdir({ logs: {} })

t.test(
  'without a token nothing but loopback is listened on, and the owner is told what to set',
  async (t) => {
    const { untouched, service } = await startTarget(t)
    // "127.1" is loopback for the system, in a form that is not taken for it: the mistake is on the safe side.
    for (const LOOPER_HOST of ['0.0.0.0', '::', '127.1', 'looper.example']) {
      const { code, output } = await refusal({ LOOPER_HOST, CODEX_EXEC_LOG_DIR: service.logDir })
      t.equal(code, 78, LOOPER_HOST)
      t.match(output, 'LOOPER_HOST', LOOPER_HOST)
      for (const name of ['LOOPER_API_TOKEN', 'LOOPER_TOKENS_FILE', 'LOOPER_ALLOW_UNAUTHENTICATED=1'])
        t.match(output, name, `${LOOPER_HOST} names ${name}`)
      t.notMatch(output, 'listens')
      await untouched(t, `a start on ${LOOPER_HOST}`)
    }
  },
)

t.test('an owner who means it may go without a token, and is warned at each start', async (t) => {
  const logDir = path.join(emptyLogs(t), 'logs')
  const service = await startTestService(logDir, { LOOPER_HOST: '127.1', LOOPER_ALLOW_UNAUTHENTICATED: '1' })
  t.teardown(() => service.stop())
  t.match(service.output(), 'Whoever reaches 127.1 can run code here')
  t.equal((await fetch(`${service.url}/runs`)).status, 200)
  // A page whose name was made to lead here (DNS rebinding) is of our origin, as far as its browser knows.
  const host = `evil.example:${new URL(service.url).port}`
  const page = {
    host,
    origin: `http://${host}`,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  }
  const answer = await sendRaw(service.url, {
    method: 'POST',
    path: '/run',
    headers: page,
    body: { zulip_message: 'x', codex_prompt: '' },
  })
  t.match(failureOf(answer), { status: 421, code: 'LOOPER_HOST_UNKNOWN' })
})

t.test('with a token the same address is listened on without a word', async (t) => {
  const logDir = path.join(emptyLogs(t), 'logs')
  const service = await startTestService(logDir, { LOOPER_HOST: '127.1', LOOPER_API_TOKEN: 'main-token' })
  t.teardown(() => service.stop())
  t.notMatch(service.output(), 'can run code here')
  t.equal((await fetch(`${service.url}/runs`)).status, 401)
})

t.test('an empty token is a mistake, not "no token"', async (t) => {
  const { untouched, service } = await startTarget(t)
  for (const LOOPER_API_TOKEN of ['', '  ']) {
    const { code, output } = await refusal({ LOOPER_API_TOKEN, CODEX_EXEC_LOG_DIR: service.logDir })
    t.equal(code, 78)
    t.match(output, 'LOOPER_API_TOKEN')
    t.notMatch(output, 'listens')
  }
  await untouched(t, 'an empty token')
})
