import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { LooperError } from '../../../src/base/errors.ts'
import { verifyLogPathOf } from '../../../src/logs/verify-log.ts'
import { adoptRuns } from '../../../src/runs/adopt.ts'
import { createLiveRuns } from '../../../src/runs/live.ts'
import type { LaunchRequest } from '../../../src/runs/run.ts'
import { createRuns } from '../../../src/runs/runs.ts'
import { runCheck } from '../../../src/runs/verify/run-check.ts'
import { heartOf } from '../../helpers/heart.ts'
import { carriers } from '../../helpers/processes.ts'
import { textOf, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

type Heart = ReturnType<typeof heartOf>

const WAIT = 'until [ -e go ]; do sleep 0.02; done'
const DONE = 'echo done'
/** Three ways to leave a run's tree, one of them deaf. */
const DAEMONS =
  "setsid sleep 300 & (setsid sleep 300 &) & (trap '' INT TERM HUP; setsid sh -c 'while :; do sleep 0.05; done' &) &"

const checkOf = (line: string, timeoutMs = 60_000) => ({ line, isOwners: true, timeoutMs })
const go = ({ workspace }: Heart) => writeFileSync(path.join(workspace, 'go'), '')

/** Launches a run that is on the record as an intent. */
async function launch(heart: Heart, prompt: string, changes: Partial<LaunchRequest>) {
  const live = createLiveRuns(heart.deps)
  const { runId, request } = heart.begin(prompt, changes)
  const run = await live.launch(runId, request)
  const record = () => heart.ledger.find(runId)
  return { live, run, runId, record, log: verifyLogPathOf(run.logPath) }
}

/** Waits until the check of a run is under way. */
const begun = (heart: Heart) => until('the check has begun', () => heart.eventsOf('verify.start').length > 0)

const EXITED = { outcome: 'exited', returnCode: 0, cause: null } as const

t.test(
  'what an agent did is checked in its workspace, with the cookie of the run and a log of its own',
  async (t) => {
    const heart = heartOf(t)
    const check = checkOf('pwd; echo "for $LOOPER_RUN_ID, $MARK"; cat made')
    const { run, runId, record, log, live } = await launch(heart, 'echo it >made; echo done', { check })
    t.strictSame(await run.ended, EXITED)
    t.match(record(), { ...EXITED, check, verdict: 'verified', verdictCause: null, verifyReturnCode: 0 })
    const text = textOf(log)
    t.match(text, `# workspace=${heart.workspace}\n# command=/bin/sh -c `)
    t.match(text, `\n\n${heart.workspace}\nfor ${runId}, ${heart.mark}\nit\n\n# codex_exec_return_code=0\n`)
    t.notMatch(textOf(run.logPath), `for ${runId}`)
    t.match(heart.eventsOf('verify.start'), [{ run_id: runId, log_path: log }])
    t.match(heart.eventsOf('verify.end'), [
      { run_id: runId, verdict: 'verified', leftovers: [], survivors: [] },
    ])
    t.strictSame(live.all(), [])
    t.notOk(existsSync(path.join(heart.stateDir, runId)))
    t.notOk(existsSync(path.join(heart.stateDir, `${runId}.verify`)))
  },
)

t.test(
  'the check begins when nothing of the agent is left, and the run lives until it has ended',
  async (t) => {
    const heart = heartOf(t)
    const check = checkOf(`grep -s 'State:.[RSD]' "/proc/$(cat left)/status" && echo left; ${WAIT}`)
    const { run, runId, record, live, log } = await launch(heart, 'setsid sleep 300 & echo $! >left', {
      check,
    })
    const { agent } = run
    await begun(heart)
    t.strictSame(live.all(), [run])
    t.equal(record()?.outcome, null)
    t.not(run.agent.pid, agent.pid, 'whoever stops the run stops its check')
    t.ok(await heart.deps.table.isAlive(run.agent))
    t.ok(await heart.deps.table.isAlive(run.wrapper))
    go(heart)
    t.strictSame(await run.ended, EXITED)
    t.notMatch(textOf(log), '\nleft\n')
    t.equal(record()?.verdict, 'verified')
    t.same(carriers(runId), [])
  },
)

for (const [line, verdictCause, verifyReturnCode] of [
  ['echo no; exit 3', 'the check exited with 3', 3],
  ['kill -9 $$', 'the check was ended by signal 9', -9],
  ['no-such-program', 'the check exited with 127', 127],
] as const) {
  t.test(`a check that runs ${line} refutes`, async (t) => {
    const heart = heartOf(t)
    const { run, record } = await launch(heart, DONE, { check: checkOf(line) })
    await run.ended
    t.match(record(), { ...EXITED, verdict: 'refuted', verdictCause, verifyReturnCode })
  })
}

t.test('of an agent that did not end well nothing is checked', async (t) => {
  const heart = heartOf(t)
  const check = checkOf('touch checked')
  const failed = await launch(heart, 'exit 2', { check })
  await failed.run.ended
  t.match(failed.record(), {
    returnCode: 2,
    verdict: 'unverified',
    verdictCause: 'the check was not run: the agent exited with 2',
    verifyReturnCode: null,
  })
  const late = await launch(heart, 'sleep 300', { check, timeoutMs: 200 })
  await late.run.ended
  t.match(late.record(), {
    verdict: 'unverified',
    verdictCause: 'the check was not run: the run ended as timed out',
  })
  t.notOk(existsSync(path.join(heart.workspace, 'checked')))
})

t.test('a run that nothing is to check has no verdict', async (t) => {
  const heart = heartOf(t)
  const { run, record, log } = await launch(heart, DONE, {})
  await run.ended
  t.match(record(), { ...EXITED, check: null, verdict: null, verdictCause: null, verifyReturnCode: null })
  t.notOk(existsSync(log))
})

t.test('a check that forks daemons and hangs is ended with all of them when its time is over', async (t) => {
  const heart = heartOf(t, { graceMs: 400 })
  const line = `${DAEMONS} trap '' INT TERM; while :; do sleep 0.05; done`
  const { run, runId, record } = await launch(heart, DONE, { check: checkOf(line, 700) })
  await until('its daemons are there', () => carriers(runId).length >= 4)
  t.strictSame(await run.ended, EXITED)
  t.match(record(), { verdict: 'unverified', verdictCause: 'the check was stopped: it ran for 0.7 s' })
  t.same(carriers(runId), [])
  t.same(carriers(heart.mark), [])
})

t.test('what a check leaves behind is stopped, and says nothing of its verdict', async (t) => {
  const heart = heartOf(t)
  const { run, runId, record } = await launch(heart, DONE, { check: checkOf(`${DAEMONS} sleep 0.3`) })
  await run.ended
  t.equal(record()?.verdict, 'verified')
  t.same(carriers(runId), [])
  t.same(carriers(heart.mark), [])
})

t.test('a check that writes too much is ended', async (t) => {
  const heart = heartOf(t, { maxLogBytes: 1_048_576 })
  const { run, record } = await launch(heart, DONE, { check: checkOf('exec yes', 0) })
  await run.ended
  t.match(record(), { verdict: 'unverified', verdictCause: 'the check was stopped: its log passed 1 MB' })
})

t.test('a check that may not be run any more is not', async (t) => {
  const argvOfCheck = () => {
    throw new LooperError('LOOPER_EXECUTABLE_FORBIDDEN', "'verify' is not allowed: make")
  }
  const heart = heartOf(t, { argvOfCheck })
  const { run, record, log } = await launch(heart, DONE, { check: checkOf('make') })
  await run.ended
  const verdictCause = "the check could not be started: 'verify' is not allowed: make"
  t.match(record(), { ...EXITED, verdict: 'unverified', verdictCause, verifyReturnCode: null })
  t.notOk(existsSync(log))
  t.equal(heart.eventsOf('verify.fail').length, 1)
})

for (const [how, cause, act] of [
  ['is stopped', 'stopped by ci', (runs, runId) => runs.stop(runId, 'stopped by ci')],
  ['is shut down', 'the service was shut down', (runs) => runs.close()],
] as const satisfies readonly [
  string,
  string,
  (runs: ReturnType<typeof createRuns>, runId: string) => unknown,
][]) {
  t.test(`a run that ${how} while its check runs is stopped with it`, async (t) => {
    const heart = heartOf(t)
    const runs = createRuns(heart.deps)
    const check = checkOf(`trap 'exit 0' INT TERM; ${DAEMONS} while :; do sleep 0.05; done`, 0)
    const started = await runs.start(heart.requestOf(heart.launchOf(DONE, { check })))
    if (started.kind !== 'started' || started.runId === null) return t.fail('it has begun')
    const { runId } = started
    await started.done
    await begun(heart)
    t.match(await runs.occupation(), { obstacle: 'live' })
    await act(runs, runId)
    // It may have ended well when it was asked to end; that says nothing.
    const verdictCause = `the check was stopped: ${cause}`
    t.match(heart.ledger.find(runId), { ...EXITED, verdict: 'unverified', verdictCause })
    t.same(carriers(runId), [])
    t.same(carriers(heart.mark), [])
    t.strictSame(runs.live(), [])
  })
}

t.test('a run whose check runs can be replaced, and is skipped for', async (t) => {
  const heart = heartOf(t)
  const runs = createRuns(heart.deps)
  const check = checkOf('sleep 300', 0)
  const first = await runs.start(heart.requestOf(heart.launchOf(DONE, { check })))
  if (first.kind !== 'started' || first.runId === null) return t.fail('it has begun')
  await first.done
  await begun(heart)
  const skipping = heart.requestOf(heart.launchOf(DONE), { ifRunning: 'skip' })
  t.strictSame(await runs.start(skipping), { kind: 'skipped', obstacle: 'live' })
  const second = await runs.start(heart.requestOf(heart.launchOf(DONE)))
  if (second.kind !== 'started') return t.fail('it has begun')
  const { run, stopped, remaining } = await second.done
  t.strictSame(remaining, [])
  t.equal(stopped.length, 1)
  t.match(heart.ledger.find(first.runId), {
    ...EXITED,
    verdict: 'unverified',
    verdictCause: `the check was stopped: replaced by run ${run?.runId}`,
  })
  t.same(carriers(first.runId), [])
  await run?.ended
  await runs.close()
})

/** What an earlier life of the service left: a run whose agent has ended well, and its check, as far as it came. */
async function leftWith(heart: Heart, line: string | null, check = checkOf(line ?? 'touch checked')) {
  const left = await heart.leftBy(DONE, { log: true, launch: true }, { check })
  await left.complete
  if (line === null) return { ...left, check: null }
  writeFileSync(verifyLogPathOf(left.logPath), '')
  const spec = { runId: `${left.runId}.verify`, workspace: heart.workspace, env: heart.deps.env() }
  const command = { argv: ['/bin/sh', '-c', line], stdin: null, env: {}, files: {} }
  const logPath = verifyLogPathOf(left.logPath)
  const begun = await heart.deps.place.launch({ ...spec, command, logPath, assertAllowed: () => undefined })
  return { ...left, check: begun }
}

/** The next life of the service: takes up what is on the record. */
async function restart({ deps }: Heart, more: Partial<Heart['deps']> = {}) {
  const live = createLiveRuns({ ...deps, ...more })
  await adoptRuns({ ...deps, ...more, live })
  return live
}

t.test(
  'a check that runs on while the service is away is taken up, with the status that it had',
  async (t) => {
    for (const [line, verdict] of [
      [`${WAIT}; echo on`, 'verified'],
      [`${WAIT}; exit 4`, 'refuted'],
    ] as const) {
      const heart = heartOf(t)
      const { runId, check } = await leftWith(heart, line)
      const live = await restart(heart)
      t.match(live.all(), [{ runId, agent: check?.agent }])
      t.equal(heart.ledger.find(runId)?.outcome, null)
      go(heart)
      await live.all()[0]?.ended
      t.match(heart.ledger.find(runId), { ...EXITED, verdict })
      t.same(carriers(runId), [])
      t.strictSame(heart.eventsOf('verify.start'), [], 'it was not run again')
      t.notOk(existsSync(path.join(heart.stateDir, `${runId}.verify`)))
    }
  },
)

t.test('a check that ended while the service was away is believed what its wrapper told', async (t) => {
  for (const [line, verdict] of [
    ['exit 0', 'verified'],
    ['exit 5', 'refuted'],
  ] as const) {
    const heart = heartOf(t)
    const { runId, check } = await leftWith(heart, `setsid sleep 300 & ${line}`)
    await check?.complete
    const live = await restart(heart)
    await live.all()[0]?.ended
    t.match(heart.ledger.find(runId), { ...EXITED, verdict })
    t.same(carriers(runId), [], 'and what it left behind is stopped')
  }
})

t.test('a check of which nobody knows the status says nothing', async (t) => {
  const heart = heartOf(t)
  const { runId, check } = await leftWith(heart, 'sleep 300')
  for (const who of ['wrapper', 'agent'] as const) if (check) process.kill(check[who].pid, 'SIGKILL')
  const live = await restart(heart)
  await live.all()[0]?.ended
  const verdictCause = 'the wrapper of the check was killed, so nobody knows its status'
  t.match(heart.ledger.find(runId), { ...EXITED, verdict: 'unverified', verdictCause })
  t.same(carriers(runId), [])
})

t.test('a check that had not begun when the service went is run by the next one', async (t) => {
  const heart = heartOf(t)
  // Its own time is over: it counts for the agent, which has ended.
  const { runId } = await leftWith(heart, null)
  const live = await restart(heart)
  await live.all()[0]?.ended
  t.match(heart.ledger.find(runId), { ...EXITED, verdict: 'verified' })
  t.ok(existsSync(path.join(heart.workspace, 'checked')))
})

t.test('a check that was taken up has its time from its begin, and can be stopped', async (t) => {
  const heart = heartOf(t)
  const { runId } = await leftWith(heart, 'sleep 300', checkOf('sleep 300', 500))
  const live = await restart(heart)
  await live.all()[0]?.ended
  t.match(heart.ledger.find(runId), {
    verdict: 'unverified',
    verdictCause: 'the check was stopped: it ran for 0.5 s',
  })

  const other = heartOf(t)
  const left = await leftWith(other, DAEMONS.concat(' sleep 300'))
  const runs = createRuns(other.deps)
  await runs.adopt()
  t.ok(await runs.stop(left.runId, 'stopped by ci'))
  t.match(other.ledger.find(left.runId), {
    verdict: 'unverified',
    verdictCause: 'the check was stopped: stopped by ci',
  })
  t.same(carriers(left.runId), [])
  await runs.close()
})

t.test('the log of a check that is run again begins anew', async (t) => {
  const heart = heartOf(t)
  const { runId, logPath } = await leftWith(heart, null)
  writeFileSync(verifyLogPathOf(logPath), 'of an earlier one\n')
  const live = await restart(heart)
  await live.all()[0]?.ended
  t.equal(heart.ledger.find(runId)?.verdict, 'verified')
  t.notMatch(readFileSync(verifyLogPathOf(logPath), 'utf8'), 'earlier')
})

/** Runs a check of nothing, while somebody may say that its run is to be stopped. */
function checkAlone(heart: Heart, line: string, stopped: () => string | null) {
  const { runId } = heart.begin(DONE)
  const logPath = path.join(heart.deps.logDir, 'one.log')
  const { workspace, deps } = heart
  const run = { runId, requestId: '0a', workspace, logPath, check: checkOf(line), begun: null }
  return { runId, end: runCheck({ ...run, led: () => undefined, stopped }, deps) }
}

t.test('a run that is to be stopped before its check begins is not checked', async (t) => {
  const heart = heartOf(t)
  const { end } = checkAlone(heart, 'touch checked', () => 'replaced by run b')
  t.match(await end, { verdict: 'unverified', cause: 'the check was not run: replaced by run b' })
  t.notOk(existsSync(path.join(heart.workspace, 'checked')))
})

t.test('a check that was being launched when its run was stopped is stopped, too', async (t) => {
  const heart = heartOf(t)
  let asked = 0
  const { end, runId } = checkAlone(heart, `${DAEMONS} sleep 300`, () =>
    asked++ === 0 ? null : 'stopped by ci',
  )
  t.match(await end, { verdict: 'unverified', cause: 'the check was stopped: stopped by ci' })
  t.same(carriers(runId), [])
})

t.test('a log of a check that cannot be looked at ends nothing', async (t) => {
  const heart = heartOf(t, { maxLogBytes: 1_048_576 })
  const { runId, check } = await leftWith(heart, `${WAIT}; exit 0`)
  const record = heart.ledger.find(runId)
  if (!record || !check) return t.fail('it has begun')
  const logPath = path.join(heart.deps.logDir, 'x'.repeat(300))
  const { agent, wrapper } = check
  const live = createLiveRuns(heart.deps)
  const adopted = { logPath, command: 'codex exec', agent, wrapper, ranMs: 0 }
  const run = live.adopt(record, { ...adopted, toCheck: { returnCode: 0, begun: { agent, wrapper } } })
  await until('it is told', () => heart.eventsOf('verify.limit.fail').length > 0)
  t.match(heart.eventsOf('verify.limit.fail'), [{ error: /ENAMETOOLONG/ }])
  go(heart)
  await run.ended
  t.match(heart.ledger.find(runId), { verdict: 'verified' })
})
