import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { NOTHING_SAID } from '../../src/agents/said.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { createRunLog } from '../../src/logs/run-log.ts'
import { writeOrders } from '../../src/places/host/orders.ts'
import { readState } from '../../src/places/host/state-file.ts'
import { createWrappers, pipeOf } from '../../src/places/host/wrappers.ts'
import { COOKIE, type Identity } from '../../src/processes/table.ts'
import { adoptRuns } from '../../src/runs/adopt.ts'
import { createLiveRuns } from '../../src/runs/live.ts'
import { FAKE_CODEX, heartOf } from '../helpers/heart.ts'
import { NO_WORKTREES } from '../helpers/no-worktrees.ts'
import { carriers } from '../helpers/processes.ts'
import { PROJECT, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

type Heart = ReturnType<typeof heartOf>

/** The next life of the service: takes up what is on the record. */
async function restart({ deps }: Heart, more: Partial<Heart['deps']> = {}) {
  const live = createLiveRuns({ ...deps, ...more })
  await adoptRuns({ ...deps, ...more, live })
  return live
}

const UNKNOWN = '\n# codex_exec_return_code=unknown\n'
const unknownsIn = (file: string) => textOf(file).split('_return_code=unknown').length - 1
const SPAWNED = { log: true, launch: false }

/** Kills processes that a test started, and waits until they are gone. */
async function kill({ deps }: Heart, ...identities: readonly Identity[]) {
  for (const { pid } of identities) process.kill(pid, 'SIGKILL')
  await until('they are gone', async () => {
    for (const identity of identities) if (await deps.table.isAlive(identity)) return false
    return true
  })
}

const LOST = 'its wrapper was killed while the service was down, so nobody knows its status'

t.test('a run that is alive is followed to its end, with the status that its wrapper tells', async (t) => {
  const heart = heartOf(t)
  const { runId, logPath, agent, wrapper } = await heart.leftBy(
    'until [ -e go ]; do sleep 0.02; done; echo done; exit 3',
  )
  const before = Date.now()
  const live = await restart(heart)
  const [run] = live.all()
  t.match(run, { runId, logPath, agent, wrapper, trigger: 'http', command: 'codex exec' })
  t.match(heart.ledger.find(runId), { outcome: null, endedAt: null })
  t.match(heart.eventsOf('run.adopt'), [{ run_id: runId, pid: agent.pid }])

  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.strictSame(await run?.ended, { outcome: 'exited', returnCode: 3, cause: null })
  const record = heart.ledger.find(runId)
  t.match(record, { outcome: 'exited', returnCode: 3, cause: null })
  t.ok(Number(record?.endedAt) >= before)
  t.equal(record?.outputBytes, readFileSync(logPath).length - Number(record?.headerBytes))
  t.match(textOf(logPath), /\ndone\n\n# codex_exec_return_code=3\n$/)
  t.strictSame(live.all(), [])
  t.notOk(existsSync(path.join(heart.stateDir, runId)))
})

t.test('the state of a run whose end is on the record is removed', async (t) => {
  const heart = heartOf(t)
  const { runId, statePath, complete } = await heart.leftBy('exit 0')
  await complete
  const end = { outcome: 'exited', returnCode: 0, cause: null, outputBytes: 0, tokensUsed: null } as const
  heart.ledger.finish(runId, { ...end, endedAt: Date.now() })
  t.ok(existsSync(statePath))
  await restart(heart)
  t.notOk(existsSync(statePath))
})

t.test('states that nobody can list at the moment are no reason to take up nothing', async (t) => {
  const heart = heartOf(t)
  rmSync(heart.stateDir, { recursive: true, force: true })
  symlinkSync('.runs', heart.stateDir)
  await restart(heart)
  t.match(heart.eventsOf('run.state.fail'), [{ error: /ELOOP/ }])
})

t.test('an adopted run can be replaced, and its limits go on from its launch', async (t) => {
  const heart = heartOf(t)
  const { runId, agent } = await heart.leftBy('sleep 300')
  await heart.leftBy('sleep 300', { log: true, launch: true }, { timeoutMs: 60_000 })
  // The service began an hour later than the run, by the kernel's count.
  const { inspect } = heart.deps.table
  const table: Heart['deps']['table'] = {
    ...heart.deps.table,
    async inspect(pid) {
      const info = await inspect(pid)
      return info && pid === process.pid ? { ...info, start: String(Number(info.start) + 360_000) } : info
    },
  }
  const live = await restart(heart, { table })
  const [first, second] = live.all()
  t.match(await second?.ended, { outcome: 'timed_out', cause: 'it ran for 60 s' })
  t.equal(first?.runId, runId)
  first?.expectEnd({ outcome: 'replaced', cause: 'replaced by run b' })
  process.kill(-agent.pid, 'SIGINT')
  t.match(await first?.ended, { outcome: 'replaced', cause: 'replaced by run b' })
})

t.test(
  'a wall clock that was set meanwhile ends no adopted run, and where starts are unknown it is asked',
  async (t) => {
    const heart = heartOf(t)
    const hourOn: Clock = { ...systemClock, now: () => Date.now() + 3_600_000 }
    const { agent } = await heart.leftBy('exec sleep 300', { log: true, launch: true }, { timeoutMs: 60_000 })
    let looks = 0
    const clock: Clock = {
      ...hourOn,
      sleep(ms, signal) {
        looks++
        return systemClock.sleep(Math.min(ms, 20), signal)
      },
    }
    const [run] = (await restart(heart, { clock })).all()
    await until('its limit was looked at again and again', () => looks > 20)
    t.ok(await heart.deps.table.isAlive(agent))
    process.kill(agent.pid, 'SIGKILL')
    t.match(await run?.ended, { outcome: 'signaled' })

    await heart.leftBy('exec sleep 300', { log: true, launch: true }, { timeoutMs: 60_000 })
    const { inspect } = heart.deps.table
    const table = {
      ...heart.deps.table,
      inspect: async (pid: number) => (pid === process.pid ? null : inspect(pid)),
    }
    const [blind] = (await restart(heart, { clock: hourOn, table })).all()
    t.match(await blind?.ended, { outcome: 'timed_out' })
  },
)

t.test('a run that ended meanwhile is ended with the status that its wrapper told', async (t) => {
  const heart = heartOf(t)
  for (const [code, end] of [
    ['exit 0', { outcome: 'exited', returnCode: 0, cause: null }],
    [
      'echo ERROR: unexpected status 401 Unauthorized; exit 1',
      { outcome: 'exited', cause: 'unexpected status 401 Unauthorized', remedy: /codex login/ },
    ],
    ['exit 5', { outcome: 'exited', returnCode: 5, cause: null }],
    ['kill -9 $$', { outcome: 'signaled', returnCode: -9, cause: 'ended by signal 9' }],
  ] as const) {
    const { runId, wrapper, logPath } = await heart.leftBy(code)
    await until('the wrapper is gone', async () => !(await heart.deps.table.isAlive(wrapper)))
    const live = await restart(heart)
    t.strictSame(live.all(), [])
    t.match(heart.ledger.find(runId), end, code)
    t.equal(unknownsIn(logPath), 0)
    t.match(heart.events.at(-1), { msg: 'run.end', run_id: runId, ...end })
    t.notOk(existsSync(path.join(heart.stateDir, runId)))
  }
})

t.test('where only the wrapper was killed, the agent is followed, and its end is not known', async (t) => {
  const heart = heartOf(t)
  const { runId, logPath, wrapper } = await heart.leftBy('until [ -e go ]; do sleep 0.02; done')
  await kill(heart, wrapper)
  const [run] = (await restart(heart)).all()
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await run?.ended, { outcome: 'lost', returnCode: null })
  t.match(heart.ledger.find(runId), {
    outcome: 'lost',
    cause: 'its wrapper was killed, so nobody knows its status',
  })
  t.ok(textOf(logPath).endsWith(UNKNOWN))
  t.equal(unknownsIn(logPath), 1)
})

t.test(
  'where both were killed it is lost, with one trailer, and what it left behind is stopped',
  async (t) => {
    const heart = heartOf(t)
    const { runId, logPath, wrapper, agent } = await heart.leftBy('setsid sleep 300 & sleep 300')
    await until('its tools run', () => carriers(runId).length === 3)
    await kill(heart, wrapper, agent)
    await restart(heart)
    t.match(heart.ledger.find(runId), { outcome: 'lost', returnCode: null, cause: LOST })
    t.equal(unknownsIn(logPath), 1)
    t.same(carriers(runId), [])
    t.match(heart.eventsOf('run.leftovers'), [{ run_id: runId }])
  },
)

t.test('a service that was killed between the trailer and the record adds no second trailer', async (t) => {
  const heart = heartOf(t)
  const { runId, logPath, wrapper, agent } = await heart.leftBy('sleep 300')
  await kill(heart, wrapper, agent)
  appendFileSync(logPath, UNKNOWN)
  await restart(heart)
  t.match(heart.ledger.find(runId), { outcome: 'lost', returnCode: null })
  t.equal(unknownsIn(logPath), 1)
})

t.test('after a restart of the machine nothing is signalled, whoever has the pids now', async (t) => {
  const heart = heartOf(t)
  const { runId } = heart.begin('sleep 300')
  const logPath = path.join(heart.deps.logDir, 'run.log')
  writeFileSync(logPath, 'output\n')
  const bystander = spawn('sleep', ['300'], { stdio: 'ignore' })
  t.teardown(() => bystander.kill('SIGKILL'))
  const now = await heart.deps.table.inspect(bystander.pid ?? 0)
  const identity = { bootId: 'another boot', pid: now?.pid ?? 0, start: now?.start ?? '' }
  const identities = { agentIdentity: identity, wrapperIdentity: identity }
  heart.ledger.step(runId, { logPath, command: 'codex', launchedAt: 1, ...identities })
  const table = { ...heart.deps.table, signal: () => Promise.reject(new Error('signalled')) }
  await restart(heart, { table })
  t.match(heart.ledger.find(runId), { outcome: 'lost', returnCode: null, cause: 'the machine was restarted' })
  t.equal(unknownsIn(logPath), 1)
  t.equal(bystander.exitCode ?? bystander.signalCode, null)
})

t.test('an intent without a launch failed to start', async (t) => {
  const heart = heartOf(t)
  const { runId } = heart.begin('true')
  await restart(heart)
  const end = { outcome: 'failed_to_start', returnCode: null, cause: 'the service ended before the launch' }
  t.match(heart.ledger.find(runId), { ...end, outputBytes: null })
  t.match(heart.events.at(-1), { msg: 'run.end', ...end })
})

t.test('a log that was begun without a launch gets its trailer; one that is gone is told', async (t) => {
  const heart = heartOf(t)
  const logPath = path.join(heart.deps.logDir, 'run.log')
  writeFileSync(logPath, 'header\n')
  const { runId } = heart.begin('true')
  heart.ledger.step(runId, { logPath })
  await restart(heart)
  t.match(heart.ledger.find(runId), { outcome: 'failed_to_start' })
  t.equal(textOf(logPath), `header\n${UNKNOWN}`)

  const gone = heart.begin('true')
  heart.ledger.step(gone.runId, { logPath: path.join(heart.deps.logDir, 'gone.log') })
  await restart(heart)
  t.match(heart.ledger.find(gone.runId), { outcome: 'failed_to_start' })
  t.match(heart.eventsOf('run.log.fail'), [{ error: 'it was removed or replaced' }])
})

t.test('a run that was spawned but not recorded is found by its state file and adopted', async (t) => {
  const heart = heartOf(t)
  const { runId, agent, wrapper } = await heart.leftBy('until [ -e go ]; do sleep 0.02; done', SPAWNED)
  t.match(heart.ledger.find(runId), { launchedAt: null, agentIdentity: null })
  const [run] = (await restart(heart)).all()
  const record = heart.ledger.find(runId)
  t.match(record, { agentIdentity: agent, wrapperIdentity: wrapper, outcome: null })
  t.type(record?.launchedAt, 'number')
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await run?.ended, { outcome: 'exited', returnCode: 0 })
})

t.test('a run that was spawned, not recorded, and ended meanwhile has its status', async (t) => {
  const heart = heartOf(t)
  const { runId, wrapper } = await heart.leftBy('exit 4', SPAWNED)
  await until('the wrapper is gone', async () => !(await heart.deps.table.isAlive(wrapper)))
  await restart(heart)
  t.match(heart.ledger.find(runId), { outcome: 'exited', returnCode: 4 })
})

const UNRECORDED = { log: false, launch: false }

t.test(
  'a run of which nothing but the intent is on the record is followed, and its record mended',
  async (t) => {
    const heart = heartOf(t)
    const left = await heart.leftBy(`until [ -e go ]; do sleep 0.02; done; exit 3`, UNRECORDED)
    const [run] = (await restart(heart)).all()
    const { agent, wrapper, logPath } = left
    t.match(run, { runId: left.runId, agent, wrapper, logPath, command: 'codex exec' })
    const record = heart.ledger.find(left.runId)
    t.match(record, {
      outcome: null,
      logPath,
      command: 'codex exec',
      agentIdentity: agent,
      wrapperIdentity: wrapper,
    })
    t.ok(Number(record?.headerBytes) > 0)
    t.equal(record?.mirroredBytes, record?.headerBytes)
    t.ok(Math.abs(Number(record?.launchedAt) - Date.now()) < 60_000)
    writeFileSync(path.join(heart.workspace, 'go'), '')
    t.match(await run?.ended, { outcome: 'exited', returnCode: 3, cause: null })
  },
)

t.test('such a run that ended meanwhile has its status and its log', async (t) => {
  const heart = heartOf(t)
  const { runId, wrapper, logPath } = await heart.leftBy('exit 4', UNRECORDED)
  await until('the wrapper is gone', async () => !(await heart.deps.table.isAlive(wrapper)))
  await restart(heart)
  t.match(heart.ledger.find(runId), { outcome: 'exited', returnCode: 4, logPath })
})

t.test('such a run whose log is gone, too, is followed by what it must have been', async (t) => {
  const heart = heartOf(t)
  const { runId, logPath } = await heart.leftBy('until [ -e go ]; do sleep 0.02; done; exit 3', UNRECORDED)
  rmSync(logPath)
  const [run] = (await restart(heart)).all()
  t.match(run, { runId, command: '', logPath: /codex-exec-\d{8}-\d{6}-0000000\d\.log$/ })
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await run?.ended, { outcome: 'exited', returnCode: 3, cause: 'its log was removed while it ran' })
})

/** A run as the wrapper of the version before an update runs it. */
async function leftByEarlierVersion(
  { deps, stateDir, workspace, ledger, begin, dir }: Heart,
  prompt: string,
) {
  const { runId, request } = begin(prompt)
  const header = { requestId: request.requestId, workspace, command: 'codex exec' }
  const { path: logPath, headerBytes } = await createRunLog(deps.logDir, header, new Date())
  ledger.step(runId, { logPath, command: 'codex exec', headerBytes })
  mkdirSync(stateDir, { recursive: true })
  const statePath = path.join(stateDir, runId)
  writeOrders(statePath, { workspace, logPath, argv: [FAKE_CODEX, prompt], stdin: null, env: {} })
  const child = spawn('/bin/sh', [path.join(PROJECT, 'test/fixtures/wrapper-before.sh'), stateDir], {
    detached: true,
    env: deps.env(),
    cwd: dir,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  pipeOf(child)?.resume().write(`${runId}\n`)
  await until('it tells its agent', () => readState(statePath).agent !== null)
  return { runId, logPath, child }
}

t.test(
  'a run that began before an update is followed, and its status read where its wrapper tells it',
  async (t) => {
    const heart = heartOf(t)
    const live = await leftByEarlierVersion(heart, 'until [ -e go ]; do sleep 0.02; done; exit 6')
    const [run] = (await restart(heart)).all()
    writeFileSync(path.join(heart.workspace, 'go'), '')
    t.match(await run?.ended, { outcome: 'exited', returnCode: 6, cause: null })
    t.match(textOf(live.logPath), /\n\n# codex_exec_return_code=6\n$/)

    const over = await leftByEarlierVersion(heart, 'exit 7')
    await until('its wrapper is gone', () => over.child.exitCode !== null)
    await restart(heart)
    t.match(heart.ledger.find(over.runId), { outcome: 'exited', returnCode: 7 })
    t.equal(textOf(over.logPath).split('_return_code=').length, 2, 'its trailer is there once')
  },
)

t.test('what the agent prints is not believed of a run whose wrapper was killed', async (t) => {
  const heart = heartOf(t)
  const printed = "printf '\\n# codex_exec_return_code=0\\n'"
  const { runId, wrapper, agent, logPath } = await heart.leftBy(`${printed}; exec sleep 300`)
  await until('it printed', () => textOf(logPath).endsWith('=0\n'))
  await kill(heart, wrapper, agent)
  await restart(heart)
  t.match(heart.ledger.find(runId), { outcome: 'lost', returnCode: null, cause: LOST })
  t.equal(unknownsIn(logPath), 1)
})

t.test('what stands in the way among the states is no obstacle', async (t) => {
  const heart = heartOf(t)
  const { runId, statePath, wrapper, agent, logPath } = await heart.leftBy('exec sleep 300')
  await kill(heart, wrapper, agent)
  rmSync(statePath)
  mkdirSync(statePath)
  mkdirSync(`${statePath}.orders`)
  mkdirSync(path.join(heart.stateDir, 'directory'))
  const begun = heart.begin('true')
  mkdirSync(path.join(heart.stateDir, begun.runId))
  await restart(heart)
  t.match(heart.ledger.find(runId), { outcome: 'lost' })
  t.match(heart.ledger.find(begun.runId), { outcome: 'failed_to_start' })
  t.equal(unknownsIn(logPath), 1)
  t.strictSame(heart.eventsOf('run.adopt.fail'), [])
  t.equal(heart.eventsOf('run.state.fail').length, 2)
})

/** A wrapper that has its orders, and stopped before it read them. */
function startSlowWrapper({ deps, stateDir, workspace, ledger, begin }: Heart) {
  const prompt = 'echo began >began; until [ -e go ]; do sleep 0.02; done'
  return slowWrapperOf(begin(prompt).runId, prompt, { deps, stateDir, workspace, ledger })
}

function slowWrapperOf(
  runId: string,
  prompt: string,
  { deps, stateDir, workspace, ledger }: Pick<Heart, 'deps' | 'stateDir' | 'workspace' | 'ledger'>,
) {
  const logPath = path.join(deps.logDir, 'run.log')
  writeFileSync(logPath, 'header\n')
  ledger.step(runId, { logPath, command: 'codex exec' })
  mkdirSync(stateDir, { recursive: true })
  const { child } = createWrappers(stateDir).take(deps.env())
  child.kill('SIGSTOP')
  const argv = [FAKE_CODEX, prompt]
  writeOrders(path.join(stateDir, runId), { workspace, logPath, argv, stdin: null, env: {} })
  pipeOf(child)?.resume().write(`${runId}\n`)
  return { runId, child }
}

/** A clock by which whoever waits lets the slow wrapper go on. */
const wakingClock = (child: Pick<ChildProcess, 'kill'>): Clock => ({
  ...systemClock,
  sleep(ms, signal) {
    child.kill('SIGCONT')
    return systemClock.sleep(ms, signal)
  },
})

t.test('a wrapper that is about to tell who it is, is waited for', async (t) => {
  const heart = heartOf(t)
  const { runId, child } = startSlowWrapper(heart)
  const [run] = (await restart(heart, { clock: wakingClock(child) })).all()
  t.equal(run?.runId, runId)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await run?.ended, { outcome: 'exited', returnCode: 0 })
  t.same(readdirSync(heart.stateDir), [])
})

t.test('so is one whose run waits by the record, and one that never tells leaves it waiting', async (t) => {
  const heart = heartOf(t)
  const prompt = 'until [ -e go ]; do sleep 0.02; done'
  const { binary, agent, ...launch } = heart.launchOf(prompt)
  const runId = randomUUID()
  const intent = { ...launch, runId, agent: agent.name, binary: binary.path, requestedAt: 1 }
  heart.ledger.enqueue(intent, { ifRunning: 'queue', asked: '{}', place: 'last' })
  const { child } = slowWrapperOf(runId, prompt, heart)
  let time = 0
  const never: Clock = {
    ...systemClock,
    monotonic: () => time,
    async sleep() {
      time += 1000
    },
  }
  t.same((await restart(heart, { clock: never })).all(), [])
  t.equal(time, 5000)
  t.match(heart.ledger.find(runId), { isWaiting: true })
  const [run] = (await restart(heart, { clock: wakingClock(child) })).all()
  t.equal(run?.runId, runId)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await run?.ended, { outcome: 'exited', returnCode: 0 })
})

t.test(
  'a wrapper that never tells is not waited for without end, and launches nothing after that',
  async (t) => {
    const heart = heartOf(t)
    const { runId, child } = startSlowWrapper(heart)
    let time = 0
    const clock: Clock = {
      ...systemClock,
      monotonic: () => time,
      async sleep() {
        time += 1000
      },
    }
    await restart(heart, { clock })
    t.match(heart.ledger.find(runId), { outcome: 'failed_to_start' })
    t.equal(time, 5000)
    const exit = once(child, 'exit')
    child.kill('SIGCONT')
    await exit
    t.notOk(existsSync(path.join(heart.workspace, 'began')))
    t.same(readdirSync(heart.stateDir), [])
  },
)

t.test('a run that cannot be taken up is told, and the others are', async (t) => {
  const heart = heartOf(t)
  const broken = heart.begin('true')
  const begun = heart.begin('true')
  const finish: Heart['ledger']['finish'] = (runId, end) => {
    if (runId === broken.runId) throw new Error('not this one')
    return heart.ledger.finish(runId, end)
  }
  await restart(heart, { ledger: { ...heart.ledger, finish } })
  t.match(heart.eventsOf('run.adopt.fail'), [{ run_id: broken.runId, error: 'not this one' }])
  t.match(heart.ledger.find(begun.runId), { outcome: 'failed_to_start' })
})

t.test('a service that runs inside a run does not take itself for a part of it', async (t) => {
  const heart = heartOf(t)
  const { runId, logPath } = await heart.leftBy('exit 3')
  await until('it ended', () => /_return_code=3/.test(textOf(logPath)))
  // What such a service starts carries that run's cookie, too.
  const child = spawn('sleep', ['300'], { env: { ...heart.deps.env(), [COOKIE]: runId }, stdio: 'ignore' })
  await once(child, 'spawn')
  await restart(heart, { ownCookie: runId })
  t.match(heart.ledger.find(runId), { outcome: 'exited', returnCode: 3 })
  t.same(carriers(runId), [child.pid])
  child.kill()
  await once(child, 'exit')
})

t.test('every unfinished run is taken up, each in its own way', async (t) => {
  const heart = heartOf(t)
  const alive = await heart.leftBy('until [ -e go ]; do sleep 0.02; done')
  const ended = await heart.leftBy('exit 7')
  const begun = heart.begin('true')
  await until('one ended', async () => !(await heart.deps.table.isAlive(ended.wrapper)))
  rmSync(ended.logPath)
  const live = await restart(heart)
  t.match(live.all(), [{ runId: alive.runId }])
  t.match(
    heart.ledger.find(ended.runId),
    { outcome: 'exited', returnCode: 7 },
    'its status is known without its log',
  )
  t.match(heart.ledger.find(begun.runId), { outcome: 'failed_to_start' })
  writeFileSync(path.join(heart.workspace, 'go'), '')
  await live.all()[0]?.ended
  t.strictSame(heart.ledger.unfinished(), [])
  await restart(heart)
  t.equal(heart.eventsOf('run.end').length, 2, 'nothing is taken up twice')
})

t.test('a wrapper that has told of itself is waited for until it tells of its agent', async (t) => {
  const heart = heartOf(t)
  const { runId, child } = startSlowWrapper(heart)
  const { pid = 0 } = child
  const stat = textOf(`/proc/${pid}/stat`)
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const boot = heart.deps.table.bootId
  writeFileSync(path.join(heart.stateDir, runId), `wrapper ${pid} ${ticks} ${boot}\n`)
  const [run] = (await restart(heart, { clock: wakingClock(child) })).all()
  t.equal(run?.runId, runId)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await run?.ended, { outcome: 'exited', returnCode: 0 })
})

t.test('a run that ended unheard keeps its session, and its work tree is settled', async (t) => {
  const worktree = { id: 'one', branch: 'looper/one', workspace: '/nowhere', kept: null }
  const heart = heartOf(t, {
    worktrees: { ...NO_WORKTREES, settle: async (one) => ({ ...one, kept: true }) },
  })
  // Four fifths of it are used, which is no news any more.
  const budget = { maxTokens: 1300, maxCostUsd: 0 }
  const usage = { input_tokens: 1000, cached_input_tokens: 0, output_tokens: 50 }
  const said = [
    { type: 'thread.started', thread_id: 'a session' },
    { type: 'turn.completed', usage },
  ]
    .map((event) => `echo '${JSON.stringify(event)}'`)
    .join('; ')
  const { runId, complete, wrapper } = await heart.leftBy(said, undefined, { budget })
  await complete
  await until('nothing of it lives', async () => !(await heart.deps.table.isAlive(wrapper)))
  heart.ledger.step(runId, { worktree, said: { ...NOTHING_SAID, sessionId: 'a session' } })
  await restart(heart)
  t.match(heart.ledger.find(runId), {
    outcome: 'exited',
    returnCode: 0,
    usage: { total: 1050 },
    nearAt: null,
    worktree: { ...worktree, kept: true },
  })
})
