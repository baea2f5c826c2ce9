import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { hashToken } from '../../src/http/tokens.ts'
import { endOf, killService, setUpFault, stopSurely } from '../helpers/fault-service.ts'
import { callTool, connectMcp } from '../helpers/mcp.ts'
import { type PushService, startPushService } from '../helpers/push-service.ts'
import { type TestService, textOf, until } from '../helpers/service.ts'
import { KEEPING_AGENT } from '../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are told apart in /proc')
  process.exit()
}

async function api({ url }: TestService, route: string, body: object | null = null, token = 'ada') {
  const response = await fetch(`${url}${route}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return JSON.parse(await response.text())
}

async function setUp(t: Test, settings: NodeJS.ProcessEnv = {}, files: Record<string, string> = {}) {
  const push = await startPushService(t)
  const on = {
    LOOPER_PUSH_CONTACT: 'mailto:owner@example.com',
    LOOPER_PUSH_SERVICES: push.origin,
    LOOPER_AGENT_TOOLS: '1',
    ...settings,
  }
  const fault = await setUpFault(t, on, files)
  const subscribe = async (wants: string[], token?: string) => {
    const { key } = await api(fault.service, '/push/key', null, token)
    const subscription = push.subscribe(key)
    const { device } = await api(fault.service, '/push/devices', { ...subscription, wants }, token)
    return { id: Number(device.device_id), path: new URL(subscription.endpoint).pathname }
  }
  return { ...fault, push, subscribe }
}

/** What a device shows in the end: the last of each tag, and how often it was told something. */
function shownBy({ delivered }: PushService, device: { path: string }) {
  const mine = delivered
    .filter(({ to }) => to === device.path)
    .map(({ text, topic }) => ({ ...JSON.parse(text), topic }))
  return { all: mine, of: (tag: string) => mine.filter((one) => one.tag === tag) }
}

t.test('a question reaches the devices that want it, and what became of it reaches them too', async (t) => {
  const { service, workspace, run, push, subscribe, zulip } = await setUp(t)
  const phone = await subscribe(['asks', 'ends'])
  const desk = await subscribe(['ends'])
  const live = await run(KEEPING_AGENT, { name: 'Nightly' })
  await until('its token', () => textOf(path.join(workspace, 'token')) !== '')
  const client = await connectMcp(t, service.url, textOf(path.join(workspace, 'token')))
  const asked = callTool(client, 'ask', {
    question: `Deploy with ${zulip.account.key}?`,
    choices: ['yes', 'no'],
  })
  await until('it arrives', () => push.delivered.length === 1)
  const [{ ask_id: id }] = (await api(service, '/asks')).asks
  t.match(shownBy(push, phone).all, [
    {
      tag: `ask ${id}`,
      to: `#/asks/${id}`,
      body: /^Deploy with \[redacted\]\? \(yes \/ no\)$/,
      choices: ['yes', 'no'],
      quiet: false,
    },
  ])
  t.match(push.delivered[0], { urgency: 'high' })
  t.ok(Number(push.delivered[0]?.ttl) > 86_000)
  await api(service, `/asks/${id}/answer`, { answer: 'yes' })
  await asked
  await until('that it is answered', () => push.delivered.length === 2)
  t.match(shownBy(push, phone).of(`ask ${id}`)[1], { body: /^Answered: yes/, choices: [], quiet: true })
  t.equal(push.delivered[0]?.topic, push.delivered[1]?.topic, 'it takes the place of the question')

  await api(service, `/runs/${live.runId}/stop`, {})
  await endOf(service, live.runId)
  await until('its end', () => push.delivered.length === 4)
  for (const device of [phone, desk])
    t.match(shownBy(push, device).of(`run ${live.runId}`), [{ title: /^Ended: /, body: /^stopped after / }])
  t.same(push.faults, [])
  t.match((await api(service, '/status')).push, { devices: 2, pending: 0, given_up: 0 })
})

t.test('nothing is lost where the push service or Looper is away, and nothing is told twice', async (t) => {
  const { service, run, push, subscribe, restart, logDir } = await setUp(t)
  const phone = await subscribe(['ends'])
  await push.shut()
  const first = await run('exit 3')
  await endOf(service, first.runId)
  await until('it waits', async () => (await api(service, '/status')).push.pending === 1)
  await until('it was tried', () => textOf(path.join(logDir, 'looper-server.log')).includes('push.later'))
  t.match((await api(service, '/push/devices')).devices, [{ pending: 1, given_up: 0, why: /ECONNREFUSED/ }])
  await killService(service)
  await push.open()
  const second = await restart()
  await until('it arrives', () => push.delivered.length === 1)
  t.match(shownBy(push, phone).all, [{ tag: `run ${first.runId}`, title: /^Failed: / }])

  // Killed while the push service has not answered: it is sent again, and takes the place of what is shown.
  push.answer = () => 'hangs'
  const before = push.requests()
  const other = await run('exit 0', {}, second)
  await until('it is on its way', () => push.requests() > before)
  await killService(second)
  push.answer = null
  const third = await restart()
  await until('it arrives', () => push.delivered.length === 2)
  t.equal(shownBy(push, phone).of(`run ${other.runId}`).length, 1)
  await until('that is known', async () => (await api(third, '/status')).push.pending === 0)
  await killService(third)
  const fourth = await restart()
  const last = await run('exit 0', {}, fourth)
  await until('the next one arrives', () => push.delivered.length === 3)
  t.equal(shownBy(push, phone).of(`run ${last.runId}`).length, 1, 'and none of the others once more')
  t.same(push.faults, [])
})

t.test(
  'what will never be taken is given up with why, and a device that unsubscribed is removed',
  async (t) => {
    const { service, run, push, subscribe } = await setUp(t)
    const refusing = await subscribe(['ends'])
    const gone = await subscribe(['ends'])
    const well = await subscribe(['ends'])
    push.answer = (to) =>
      to === refusing.path ? { status: 413, body: 'too large' } : to === gone.path ? { status: 410 } : null
    const { runId } = await run('exit 0')
    await until('the others are settled', async () => {
      const { devices } = await api(service, '/push/devices')
      return devices.length === 2 && devices[0].given_up === 1 && push.delivered.length === 1
    })
    t.match((await api(service, '/push/devices')).devices, [
      { device_id: refusing.id, given_up: 1, why: 'the push service answered 413 too large' },
      { device_id: well.id, pending: 0, given_up: 0, why: null },
    ])
    t.match((await api(service, '/status')).push, { devices: 2, given_up: 1 })
    t.equal(shownBy(push, well).of(`run ${runId}`).length, 1)
  },
)

t.test('a device of a token that is taken back is told nothing more', async (t) => {
  const file = path.join(t.testdirName, 'tokens.json')
  const tokens = ['ada', 'bob'].map((name) => ({ name, scope: 'run', sha256: hashToken(name) }))
  const settings = { LOOPER_TOKENS_FILE: file, LOOPER_HOST: '127.0.0.1' }
  const { service, workspace, push, subscribe, logDir } = await setUp(t, settings, {
    'tokens.json': JSON.stringify({ tokens }),
  })
  const ada = await subscribe(['ends'], 'ada')
  const bob = await subscribe(['ends'], 'bob')
  writeFileSync(file, JSON.stringify({ tokens: tokens.slice(0, 1) }))
  const asked = { zulip_message: 'a run', codex_prompt: 'exit 0', workspace }
  await service.post(asked, { authorization: 'Bearer ada' })
  await until('it arrives', () => push.delivered.length === 1)
  t.equal(shownBy(push, ada).all.length, 1)
  t.equal(shownBy(push, bob).all.length, 0)
  t.match(readFileSync(path.join(logDir, 'looper-server.log'), 'utf8'), /push\.device\.unwelcome/)
})

t.test('a usage limit reaches the devices that want it, once', async (t) => {
  const { service, run, push, subscribe, restart } = await setUp(t)
  const phone = await subscribe(['holds'])
  await subscribe(['asks'])
  await run(
    'echo "OpenAI Codex v0.169.0"; echo user; echo; echo "ERROR: You’ve hit your usage limit."; exit 1',
    { wait: true },
  )
  await until('it arrives', () => push.delivered.length === 1)
  t.match(shownBy(push, phone).all, [
    { tag: 'hold codex', title: 'Usage limit of codex', body: /\{time\}/, time: /^2/, to: '' },
  ])
  await until('that is known', async () => (await api(service, '/status')).push.pending === 0)
  await stopSurely(service)
  const next = await restart()
  const { key } = await api(next, '/push/key')
  await api(next, '/push/devices', { ...push.subscribe(key), wants: ['ends'] })
  t.match(await api(next, '/holds'), { holds: [{ agent: 'codex' }] })
  t.equal(push.delivered.length, 1, 'it is no news')
})

t.test('what cannot be noted is told once, and noted as soon as it can be', async (t) => {
  const { service, run, push, subscribe, logDir } = await setUp(t)
  const phone = await subscribe(['ends'])
  const db = new DatabaseSync(path.join(logDir, 'looper.db'))
  t.teardown(() => db.close())
  db.exec('PRAGMA busy_timeout = 5000; ALTER TABLE push_messages RENAME TO away')
  const first = await run('exit 0')
  const told = () => textOf(path.join(logDir, 'looper-server.log')).split('"push.fail"').length - 1
  await until('that is told', () => told() > 0)
  await endOf(service, first.runId)
  db.exec('ALTER TABLE away RENAME TO push_messages')
  await until('it arrives', () => push.delivered.length === 1)
  t.match(shownBy(push, phone).all, [{ tag: `run ${first.runId}`, title: /^Ended: / }])
  t.equal(told(), 1)
})
