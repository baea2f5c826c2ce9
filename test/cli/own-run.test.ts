import { once } from 'node:events'
import { createServer } from 'node:http'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { AskAnswer } from '../../src/people/schemas.ts'
import { type CommandOptions, runCommand, startCommand } from '../helpers/command.ts'
import { killService, setUpFault } from '../helpers/fault-service.ts'
import { PROJECT, type TestService, textOf, until } from '../helpers/service.ts'
import { TOOLS_ON, withToolRun } from '../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are told apart in /proc')
  process.exit()
}

const LOOPER = `${process.execPath} ${path.join(PROJECT, 'bin/looper.js')}`

/** What is said while it waits. */
const WAITS = 'looper: asking people, and waiting for their answer\n'

const asksOf = async ({ url }: TestService): Promise<AskAnswer[]> =>
  JSON.parse(await (await fetch(`${url}/asks`)).text()).asks

const openOf = async (service: TestService): Promise<AskAnswer | undefined> =>
  (await asksOf(service)).find(({ state }) => state === 'open')

async function answer({ url }: TestService, id: string, text: string): Promise<number> {
  const body = JSON.stringify({ answer: text })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/asks/${id}/answer`, { method: 'POST', headers, body })).status
}

/** A run with tools, and command lines as its agent's shell has them. */
async function withShell(test: Test, settings: NodeJS.ProcessEnv = {}) {
  const built = await withToolRun(test, {}, settings)
  const { token, live, service } = built
  const own = (url = service.url): CommandOptions => ({
    url,
    env: { LOOPER_RUN_ID: live.runId, LOOPER_RUN_TOKEN: token, LOOPER_API_TOKEN: 'a-token-of-nobody' },
  })
  return { ...built, own, run: (...args: string[]) => runCommand(args, own()) }
}

t.test(
  'an agent that has a shell alone asks, is cut off, asks the same again, and goes on once',
  async (t) => {
    const config = { agents: { mine: { argv: ['/bin/sh', '-c', '{prompt}'] } } }
    const settings = { ...TOOLS_ON, LOOPER_CONFIG: path.join(t.testdirName, 'config.json') }
    const fault = await setUpFault(t, settings, { 'config.json': JSON.stringify(config) })
    const { service, workspace, zulip } = fault
    // The first is cut off by the limit of its shell.
    const ask = `${LOOPER} ask 'Deploy now?' --choices yes,no --ref 7`
    await fault.run(
      `timeout 5 ${ask} >first; echo $? >cut; ${ask} >answer 2>progress; echo $? >status; mv status done; exec sleep 300`,
      { agent: 'mine' },
    )
    const fileOf = (name: string) => textOf(path.join(workspace, name))
    await until('it is asked', async () => (await asksOf(service)).length === 1)
    const [open] = await asksOf(service)
    t.match(open, { question: 'Deploy now?', choices: ['yes', 'no'], reference: '7', state: 'open' })
    await until('it is asked again', () => fileOf('progress') !== '')
    t.same([fileOf('first'), fileOf('cut')], ['', '124\n'])
    t.equal(await answer(service, String(open?.ask_id), 'yes'), 200)
    await until('it goes on', () => fileOf('done') !== '')
    t.same([fileOf('answer'), fileOf('done')], ['yes\n', '0\n'])
    t.equal(fileOf('progress'), WAITS)
    t.equal((await asksOf(service)).length, 1, 'asked once')
    await until('people are told', () => zulip.messages.length === 3)
  },
)

t.test('who is interrupted finds the answer under the same question, once', async (t) => {
  const { service, own, run, logDir } = await withShell(t)
  const asking = startCommand(['ask', ' Which port?\n'], own())
  await until('it waits', async () => (await openOf(service)) !== undefined)
  const [open] = await asksOf(service)
  const id = String(open?.ask_id)
  asking.interrupt()
  const { status, out, err } = await asking.ended
  t.same([status, out], [130, ''])
  t.equal(err, `${WAITS}looper: the question stays open; the same command again waits for its answer\n`)
  await answer(service, id, 'first line\nsecond')
  t.match(await run('ask', 'Which port?'), { status: 0, out: 'first line\nsecond\n', err: WAITS })
  const db = new DatabaseSync(path.join(logDir, 'looper.db'), { readOnly: true })
  t.teardown(() => db.close())
  await until('it is heard', () => db.prepare('SELECT 1 FROM asks WHERE is_heard = 1').get() !== undefined)
  const again = startCommand(['ask', 'Which port?', '--json'], own())
  await until('it is another one', async () => (await asksOf(service)).length === 2)
  await answer(service, String((await asksOf(service))[0]?.ask_id), '8080')
  t.match(JSON.parse((await again.ended).out), { state: 'answered', answer: '8080' })
})

t.test('nobody answers, nobody will, and the run is parked: each has a status of its own', async (t) => {
  const { service, own, run, live } = await withShell(t)
  const expired = await run('ask', 'Which port?', '--default', '8080', '--deadline', '1s')
  t.match(expired, {
    status: 67,
    out: '8080\n',
    err: /Nobody answered until the deadline: this is your default/,
  })
  t.match(await run('ask', 'Anybody?', '--deadline', '1s'), { status: 67, out: '' })
  const asking = startCommand(['ask', 'Which host?'], own())
  await until('it waits', async () => (await openOf(service)) !== undefined)
  await fetch(`${service.url}/runs/${live.runId}/stop`, { method: 'POST' })
  t.match(await asking.ended, { status: 68, out: '', err: /was withdrawn, as its run ended/ })
})

t.test('who waits goes on where the service comes back', async (t) => {
  const { service, own, restart } = await withShell(t)
  const port = new URL(service.url).port
  const asking = startCommand(['ask', 'Which port?'], own())
  await until('it waits', async () => (await openOf(service)) !== undefined)
  await killService(service)
  await until('it tries again', () => asking.err().includes('trying again'))
  const next = await restart({ LOOPER_PORT: port })
  await answer(next, String((await asksOf(next))[0]?.ask_id), '8080')
  t.match(await asking.ended, { status: 0, out: '8080\n' })

  await killService(next)
  const clock = { ...systemClock, sleep: async () => undefined }
  const away = await runCommand(['ask', 'And now?'], { ...own(), world: { clock } })
  t.match(away, { status: 69, err: /trying again in 10 s\n(.*\n)*looper: cannot reach Looper/ })
  t.equal(away.err.match(/trying again/g)?.length, 8)
})

t.test('tell, flag, claim, release, report and cost do what the tools do', async (t) => {
  const { run, zulip, own, service } = await withShell(t)
  t.match(await run('tell', 'All is well'), {
    status: 0,
    out: 'It is on its way, and is sent again until it arrives.\n',
  })
  t.match(await runCommand(['flag', '-', '--json'], { ...own(), stdin: 'odd\n' }), {
    status: 0,
    out: /"ok":true/,
  })
  await until('people are told', () => zulip.messages.length === 3)
  t.match(await run('claim', 'issue-14'), { status: 0, out: 'Claimed issue-14; its number is 1.\n' })
  t.match(await run('claim', '../x'), { status: 1, err: /^looper: / })
  t.match(await run('release', 'issue-14'), { status: 0, out: 'Released.\n' })
  t.match(await runCommand(['report', 'Findings', '-'], { ...own(), stdin: '# None\n' }), {
    status: 0,
    out: 'Delivered as report 1, version 1.\n',
  })
  t.equal(await (await fetch(`${service.url}/reports/1/markdown`)).text(), '# None\n')
  t.match(await run('report', 'Findings', '/no/such/file'), { status: 2, err: /cannot read the report/ })
  t.match(await run('cost'), { out: /^run {4}\? tokens, \? US dollars\ntoday {2}/ })
  t.match(JSON.parse((await run('cost', '--json')).out), { run: { tokens_used: null } })
  const parked = { status: 75, out: '', err: /This run ends now, and goes on in its session/ }
  t.match(await run('ask', 'Later?', '--park'), parked)
})

t.test('what cannot be asked is told, with what to do', async (t) => {
  const { own, run, service } = await withShell(t)
  t.match(await runCommand(['ask', 'x'], { url: service.url }), {
    status: 2,
    err: /for the agent inside a run/,
  })
  const { LOOPER_RUN_TOKEN: _token, ...without } = own().env ?? {}
  t.match(await runCommand(['tell', 'x'], { url: service.url, env: without }), {
    status: 77,
    err: /has no token for "looper tell"\n.*LOOPER_AGENT_TOOLS=1/,
  })
  const wrong = { ...without, LOOPER_RUN_TOKEN: 'another' }
  t.match(await runCommand(['tell', 'x'], { url: service.url, env: wrong }), {
    status: 77,
    err: /does not know the token of this run\nA token is good while its run lives/,
  })
  for (const args of [
    ['ask', '  '],
    ['tell', ''],
    ['ask', 'x', '--choices', 'yes'],
    ['ask', 'x', '--choices', 'yes,,no'],
    ['ask', 'x', '--default', 'y'],
    ['ask', 'x', '--deadline', 'soon'],
    ['ask', 'x', '--deadline', '0s'],
  ])
    t.match(await run(...args), { status: 2, out: '' }, args.join(' '))
  t.match(await run('ask', 'x', '--choices', 'a,a'), { status: 1, err: /^looper: / })
})

t.test(
  'whatever a service says to a call, the answer is understood, or it is told that it is none',
  async (t) => {
    const replies: (object | string)[] = []
    const server = createServer((request, response) => {
      request.resume()
      const reply = replies.shift() ?? {}
      response.setHeader('content-type', typeof reply === 'string' ? 'text/event-stream' : 'application/json')
      response.end(typeof reply === 'string' ? reply : JSON.stringify(reply))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`
    const env = { LOOPER_RUN_ID: 'a', LOOPER_RUN_TOKEN: 'b' }
    const clock = { ...systemClock, sleep: async () => undefined }
    const run = (answers: (object | string)[], ...args: string[]) => {
      replies.splice(0, replies.length, ...answers)
      return runCommand(args, { url, env, world: { clock } })
    }
    const said = (...content: object[]) => ({ jsonrpc: '2.0', id: 1, result: { content } })
    const text = (value: object) => said({ type: 'text', text: JSON.stringify(value) })
    const open = text({ ask_id: '1', state: 'open' })
    const answered = text({ ask_id: '1', state: 'answered', answer: 'yes' })

    t.match(await run([open, open, answered], 'ask', 'x'), { status: 0, out: 'yes\n' })
    t.match(await run([text({ ask_id: '1', state: 'answered' })], 'ask', 'x'), { status: 0, out: '' })
    const ofAnother = 'data: {"jsonrpc":"2.0","id":2,"result":{}}\n\n'
    t.match(await run([ofAnother, answered], 'ask', 'x'), {
      status: 0,
      err: /ended the call without an answer; trying/,
    })
    t.match(await run([ofAnother], 'tell', 'x'), { status: 69, err: /ended the call without an answer/ })
    t.match(await run([], 'ask', 'x'), { status: 69, err: /is not Looper, or is an incompatible version/ })
    replies.push(answered)
    t.match(await runCommand(['ask', '-'], { url, env, stdin: 'Which port?\n' }), { status: 0, out: 'yes\n' })
    for (const odd of [said({ type: 'image' }), text({ state: 'open' }), text({ ask_id: '1' })])
      t.match(await run([odd], 'ask', 'x'), { status: 1, err: /is none to a question/ })
    const refused = (error: object) => ({ jsonrpc: '2.0', id: 1, ...error })
    t.match(await run([refused({ error: { message: 'not now' } })], 'tell', 'x'), {
      status: 1,
      err: 'looper: not now',
    })
    t.match(await run([refused({ error: {} })], 'tell', 'x'), { status: 1, err: 'looper: no answer' })
    const used = { tokens_used: 5, max_tokens: 100, cost_usd: 0.5, max_cost_usd: null }
    t.match(await run([text({ run: used, today: used })], 'cost'), {
      out: 'run    5 of 100 tokens, 0.5 US dollars',
    })
    t.match(await run([text({ run: { max_tokens: 100 } })], 'cost'), { out: 'run    ? of 100 tokens' })
  },
)
