import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { assertSettled, type FaultSetUp, runsOf, serverLogOf, setUpFault } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { spawnService, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** Keeps the next notice waiting until it is let go. */
function holdNotice({ zulip }: FaultSetUp) {
  const arrived = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  zulip.interrupt(async (_request, response) => {
    arrived.resolve()
    await held.promise
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ result: 'success', msg: '', id: 7 }))
  })
  return { arrived: arrived.promise, letGo: () => held.resolve() }
}

/** Sends the same request over open connections, all written in one turn; resolves with the answers' statuses. */
async function postAtOnce(url: string, body: string, count: number, answered: (status: number) => void) {
  const { hostname, port } = new URL(url)
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      return socket
    }),
  )
  const request =
    `POST /run HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  const answers = sockets.map(async (socket) => {
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    await once(socket, 'close')
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])
    answered(status)
    return status
  })
  for (const socket of sockets) socket.write(request)
  return Promise.all(answers)
}

for (const count of [2, 100]) {
  t.test(
    `1: of ${count} requests at once, one is answered 200, the others 409, and one run lives`,
    async (t) => {
      const fault = await setUpFault(t)
      const { service, workspace, watch } = fault
      const old = await fault.run('sleep 300')
      const notice = holdNotice(fault)
      const prompt = 'echo one >>ran; sleep 300'
      const body = JSON.stringify({ zulip_message: 'x', codex_prompt: prompt, workspace })
      let answered = 0
      // The first one holds the slot until all others have their answer.
      const statuses = await postAtOnce(service.url, body, count, () => {
        if (++answered === count - 1) notice.letGo()
      })
      t.same(statuses.sort(), [200, ...Array.from({ length: count - 1 }, () => 409)])
      const [fresh, replaced, ...more] = await runsOf(service)
      t.match(fresh, { outcome: null })
      t.match(replaced, { run_id: old.runId, outcome: 'replaced', return_code: -2 })
      t.same(more, [], 'what was refused is no run')
      await until('the run works', () => textOf(path.join(workspace, 'ran')) !== '')
      t.equal(textOf(path.join(workspace, 'ran')), 'one\n')
      await assertSettled(t, service, watch, [fresh?.run_id ?? ''])
    },
  )
}

t.test(
  '2: of a tick of the autopoll and a request at once, one launches and the other says busy',
  async (t) => {
    const fault = await setUpFault(t, {
      LOOPER_WORKSPACE: path.join(t.testdirName, 'workspace'),
      LOOPER_DEFAULT_PROMPT: 'sleep 300',
      LOOPER_IDLE_POLL_SECONDS: '0.05',
    })
    const { service, run } = fault
    await until('its run', async () => (await runsOf(service)).some(({ pid }) => pid !== null))
    t.equal((await runsOf(service)).length, 1)

    const notice = holdNotice(fault)
    const answer = run('sleep 300')
    await notice.arrived
    await until('a tick that says so', () =>
      serverLogOf(fault.logDir).includes('"reason":"another launch is in progress"'),
    )
    notice.letGo()
    const posted = await answer
    t.equal(posted.status, 200)
    t.match(await runsOf(service), [
      { run_id: posted.runId, trigger: 'http', outcome: null },
      { trigger: 'autopoll', outcome: 'replaced' },
    ])
    await assertSettled(t, service, fault.watch, [posted.runId])
  },
)

t.test('3: a second service on one log directory refuses to start and names the owner', async (t) => {
  const { service, run, logDir, watch } = await setUpFault(t)
  const live = await run('exec sleep 300')
  await until('it lives', () => carriers(live.runId).length > 0)
  const before = carriers(live.runId)
  const second = spawnService({ CODEX_EXEC_LOG_DIR: logDir, HOME: logDir })
  let output = ''
  for (const stream of [second.stdout, second.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  t.same(await once(second, 'close'), [1, null])
  t.match(output, `another Looper owns ${logDir}: pid ${service.child.pid}, ${service.url}`)
  t.same(carriers(live.runId), before)
  await assertSettled(t, service, watch, [live.runId])
})
