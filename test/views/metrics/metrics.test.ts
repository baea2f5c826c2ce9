import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { createMeters } from '../../../src/base/meters.ts'
import type { RunFinish } from '../../../src/record/run-record.ts'
import { OUTCOMES } from '../../../src/runs/outcome.ts'
import { TRIGGERS } from '../../../src/runs/run.ts'
import { observeLedger } from '../../../src/runs/steps.ts'
import { createMetrics, METRICS_TYPE } from '../../../src/views/metrics/metrics.ts'
import { buildTestApp } from '../../helpers/app.ts'
import { setUpFault } from '../../helpers/fault-service.ts'
import { heartOf } from '../../helpers/heart.ts'
import { NO_FACTS, sampleOf, samplesOf } from '../../helpers/metrics.ts'
import { until } from '../../helpers/service.ts'

/** Metrics of a ledger that a test writes itself. */
function setUp(test: Test, sources: Partial<Parameters<typeof createMetrics>[1]> = {}) {
  const heart = heartOf(test)
  const { ledger, steps } = observeLedger(heart.ledger)
  const { table, logger } = heart.deps
  const meters = createMeters()
  const metrics = createMetrics(
    steps,
    { table, live: () => [], slotTaken: () => false, facts: NO_FACTS, meters, ...sources },
    logger,
  )
  test.teardown(() => metrics.close())
  return { heart, ledger, metrics, meters }
}

const END: RunFinish = {
  outcome: 'exited',
  returnCode: 0,
  cause: null,
  endedAt: 4000,
  outputBytes: 500,
  tokensUsed: null,
}

t.test('every label value that exists starts at 0', async (t) => {
  const { metrics } = setUp(t)
  const text = await metrics.text()
  for (const trigger of TRIGGERS) {
    for (const outcome of OUTCOMES) t.equal(sampleOf(text, 'looper_runs_total', { trigger, outcome }), 0)
  }
  for (const name of [
    'looper_run_output_bytes_total',
    'looper_run_duration_seconds_count',
    'looper_stop_duration_seconds_count',
    'looper_slot_held',
    'looper_run_processes',
    'looper_run_log_bytes',
  ]) {
    t.equal(sampleOf(text, name), 0, name)
  }
})

t.test('what cannot be seen now has no sample, and everything else is told', async (t) => {
  let isBroken = true
  const live = () => {
    if (isBroken) throw new Error('the process table cannot be read')
    return []
  }
  const { metrics } = setUp(t, { live })
  const text = await metrics.text()
  t.equal(sampleOf(text, 'looper_run_processes'), null)
  t.equal(sampleOf(text, 'looper_run_log_bytes'), null)
  t.equal(sampleOf(text, 'looper_slot_held'), 0)
  isBroken = false
  t.equal(sampleOf(await metrics.text(), 'looper_run_processes'), 0)
})

t.test('runs are counted when they end, with what they took and wrote', async (t) => {
  const { heart, ledger, metrics } = setUp(t)
  const { runId } = heart.begin('x')
  ledger.step(runId, { announcedAt: 1000 })
  ledger.step(runId, { stoppedAt: 1700, stoppedPids: [7] })
  ledger.step(runId, { launchedAt: 2000 })
  t.equal(sampleOf(await metrics.text(), 'looper_run_duration_seconds_count'), 0, 'not before')
  ledger.finish(runId, END)
  const text = await metrics.text()
  t.equal(sampleOf(text, 'looper_runs_total', { trigger: 'http', outcome: 'exited' }), 1)
  t.equal(sampleOf(text, 'looper_run_duration_seconds_sum'), 2)
  t.equal(sampleOf(text, 'looper_run_duration_seconds_bucket', { le: '1' }), 0)
  t.equal(sampleOf(text, 'looper_run_duration_seconds_bucket', { le: '5' }), 1)
  t.equal(sampleOf(text, 'looper_run_duration_seconds_bucket', { le: '+Inf' }), 1)
  t.equal(sampleOf(text, 'looper_stop_duration_seconds_sum'), 0.7)
  t.equal(sampleOf(text, 'looper_run_output_bytes_total'), 500)
})

t.test('a run that never began, or stopped nothing, has no duration; a clock set back gives 0', async (t) => {
  const { heart, ledger, metrics } = setUp(t)
  const failed = heart.begin('x', { trigger: 'hook' }).runId
  ledger.step(failed, { announcedAt: 1000 })
  ledger.step(failed, { stoppedAt: 1700, stoppedPids: [] })
  ledger.finish(failed, { ...END, outcome: 'failed_to_start', outputBytes: null })
  const back = heart.begin('x').runId
  ledger.step(back, { launchedAt: 9000 })
  ledger.finish(back, END)
  const text = await metrics.text()
  t.equal(sampleOf(text, 'looper_runs_total', { trigger: 'hook', outcome: 'failed_to_start' }), 1)
  t.equal(sampleOf(text, 'looper_stop_duration_seconds_count'), 0)
  t.equal(sampleOf(text, 'looper_run_duration_seconds_count'), 1)
  t.equal(sampleOf(text, 'looper_run_duration_seconds_sum'), 0)
})

t.test('runs that failed are counted whatever their outcome is called, from 0 on', async (t) => {
  const { heart, ledger, metrics } = setUp(t)
  for (const trigger of TRIGGERS)
    t.equal(sampleOf(await metrics.text(), 'looper_runs_failed_total', { trigger }), 0)
  const ends: Partial<RunFinish>[] = [
    {},
    { returnCode: 1 },
    { outcome: 'lost', returnCode: null },
    { outcome: 'replaced', returnCode: -2 },
  ]
  for (const end of ends) ledger.finish(heart.begin('x').runId, { ...END, ...end })
  t.equal(sampleOf(await metrics.text(), 'looper_runs_failed_total', { trigger: 'http' }), 2)
})

t.test('the service tells its version, its pause, its tokens and its disk', async (t) => {
  let tokens: ReturnType<typeof NO_FACTS.tokens> = [
    { name: 'a', scope: 'run', expiresAt: Date.UTC(2027, 0, 1) },
    { name: 'b', scope: 'run', expiresAt: Date.UTC(2026, 0, 1) },
    { name: 'c', scope: 'admin', expiresAt: Number.POSITIVE_INFINITY },
  ]
  const broken = () => {
    throw new Error('no disk')
  }
  let freeBytes = () => 5_000_000_000
  const facts = { ...NO_FACTS, tokens: () => tokens, freeBytes: () => freeBytes() }
  const { metrics } = setUp(t, { facts })
  const text = await metrics.text()
  const node = process.versions.node
  t.equal(sampleOf(text, 'looper_build_info', { version: '1.2.3', node }), 1)
  t.equal(sampleOf(text, 'looper_tokens', { scope: 'run' }), 2)
  t.equal(sampleOf(text, 'looper_tokens', { scope: 'admin' }), 1)
  t.equal(sampleOf(text, 'looper_tokens', { scope: 'read' }), 0)
  t.equal(sampleOf(text, 'looper_token_next_expiry_timestamp_seconds'), Date.UTC(2026, 0, 1) / 1000)
  t.equal(sampleOf(text, 'looper_disk_free_bytes'), 5_000_000_000)
  tokens = [{ name: 'c', scope: 'admin', expiresAt: Number.POSITIVE_INFINITY }]
  freeBytes = broken
  const later = await metrics.text()
  t.equal(sampleOf(later, 'looper_token_next_expiry_timestamp_seconds'), null)
  t.equal(sampleOf(later, 'looper_disk_free_bytes'), null)
  tokens = null
  const off = await metrics.text()
  t.equal(sampleOf(off, 'looper_token_next_expiry_timestamp_seconds'), null)
  t.equal(sampleOf(off, 'looper_tokens', { scope: 'admin' }), 0)
})

t.test('what the parts of the service count and look at is told as it stands', async (t) => {
  const { metrics, meters } = setUp(t)
  const failed = meters.counter({ name: 'looper_failures_total', help: 'What failed.' })
  const label = { name: 'reason', values: ['paused', 'busy'] }
  const skipped = meters.counter({ name: 'looper_skips_total', help: 'What was left out.', label })
  let held: number | null = 1
  meters.gauge({ name: 'looper_held', help: 'Whether it is held.', look: () => held })
  failed()
  skipped('paused')
  skipped('paused')
  const text = await metrics.text()
  t.equal(sampleOf(text, 'looper_failures_total'), 1)
  t.equal(sampleOf(text, 'looper_skips_total', { reason: 'paused' }), 2)
  t.equal(sampleOf(text, 'looper_skips_total', { reason: 'busy' }), 0)
  t.equal(sampleOf(text, 'looper_held'), 1)
  failed()
  held = null
  const later = await metrics.text()
  t.equal(sampleOf(later, 'looper_failures_total'), 2, 'and not twice what it was')
  t.equal(sampleOf(later, 'looper_held'), null)
})

t.test('of the run that lives, its processes and the size of its log are told', async (t) => {
  const heart = heartOf(t)
  const left = await heart.leftBy('echo 1; sleep 300 & sleep 300 & wait')
  const log = path.join(heart.dir, 'a.log')
  writeFileSync(log, 'twelve bytes')
  const run = {
    runId: left.runId,
    requestId: '00000001',
    trigger: 'http',
    name: 'a run',
    command: '',
    logPath: log,
    agent: left.agent,
    wrapper: left.wrapper,
    slot: 'default',
    workspace: '/w',
    sharesWorkspace: false,
    expectEnd: () => undefined,
    expectNoEnd: () => undefined,
    ended: new Promise<never>(() => undefined),
  } as const
  const { steps } = observeLedger(heart.ledger)
  const { table, logger } = heart.deps
  const gone = { ...run, logPath: path.join(heart.dir, 'removed.log') }
  const metrics = createMetrics(
    steps,
    { table, live: () => [run], slotTaken: () => true, facts: NO_FACTS, meters: createMeters() },
    logger,
  )
  const blind = createMetrics(
    steps,
    {
      table: { ...table, kind: 'ps' },
      live: () => [gone],
      slotTaken: () => true,
      facts: NO_FACTS,
      meters: createMeters(),
    },
    logger,
  )
  t.teardown(() => {
    metrics.close()
    blind.close()
  })
  let text = ''
  await until('the agent, and two that sleep', async () => {
    text = await metrics.text()
    return sampleOf(text, 'looper_run_processes') === 3
  })
  t.equal(sampleOf(text, 'looper_run_log_bytes'), 12)
  t.equal(sampleOf(text, 'looper_slot_held'), 1)
  t.ok(Number(sampleOf(text, 'process_open_fds')) > 3)

  const other = await blind.text()
  t.equal(sampleOf(other, 'looper_run_log_bytes'), 0, 'a log that was removed has no size')
  t.notMatch(other, 'process_open_fds', 'without /proc nobody knows')
})

t.test('what cannot be counted is told, and the rest is counted', async (t) => {
  const { heart, ledger, metrics } = setUp(t)
  for (const outputBytes of [-1, 500]) ledger.finish(heart.begin('true').runId, { ...END, outputBytes })
  t.equal(sampleOf(await metrics.text(), 'looper_run_output_bytes_total'), 500)
  t.match(heart.eventsOf('metrics.fail'), [{ error: /decrease/ }])
})

t.test('steps wait until somebody asks, but not without end', async (t) => {
  const { heart, ledger } = setUp(t)
  const finish = (outputBytes: number) => ledger.finish(heart.begin('true').runId, { ...END, outputBytes })
  finish(-1)
  for (let more = 0; more < 999; more++) finish(1)
  t.strictSame(heart.eventsOf('metrics.fail'), [])
  finish(1)
  await until('they are counted', () => heart.eventsOf('metrics.fail').length === 1)
})

t.test('the service itself is told in the units of Prometheus', async (t) => {
  const { metrics } = setUp(t)
  const text = await metrics.text()
  const { user, system } = process.cpuUsage()
  const cpu = Number(sampleOf(text, 'process_cpu_seconds_total'))
  t.ok(cpu > 0 && cpu <= (user + system) / 1e6, 'seconds, not microseconds')
  t.ok(Number(sampleOf(text, 'process_resident_memory_bytes')) > 1e7, 'bytes')
  const started = Number(sampleOf(text, 'process_start_time_seconds'))
  t.ok(Math.abs(started + process.uptime() - Date.now() / 1000) < 2, 'seconds since the epoch')
})

t.test('a loop that was held up shows in its delay, until somebody has looked', async (t) => {
  const { metrics } = setUp(t)
  const lagOf = async () => Number(sampleOf(await metrics.text(), 'nodejs_eventloop_lag_max_seconds'))
  await lagOf()
  await new Promise((resolve) => setTimeout(resolve, 120))
  const end = performance.now() + 300
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 120))
  const lag = await lagOf()
  t.ok(lag > 0.2 && lag < 5, `${lag} s`)
  t.ok((await lagOf()) < lag)
})

t.test('the text keeps the rules of its format', async (t) => {
  const { metrics } = setUp(t)
  const text = await metrics.text()
  t.ok(text.endsWith('\n'))
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))
  const helps = [...text.matchAll(/^# HELP (\S+) [A-Z].+\.$/gm)].map(([, name]) => name)
  t.same(helps, [...types.keys()], 'each metric has a sentence and a type')
  for (const [name, type] of types) {
    t.match(name, /^(looper|process|nodejs)_[a-z0-9_]+$/)
    t.equal(/_total$/.test(String(name)), type === 'counter', `${name} is named as a ${type}`)
  }
  const samples = samplesOf(text)
  for (const { name } of samples) {
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
    t.ok(types.has(family), `${name} belongs to a metric`)
  }
  const keys = samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
  t.equal(new Set(keys).size, keys.length, 'no series is told twice')
})

const hasPromtool = !spawnSync('promtool', ['--version']).error
t.test(
  'promtool finds nothing to say',
  { skip: hasPromtool ? false : "promtool is not installed (Debian's prometheus package)" },
  async (t) => {
    const { metrics } = setUp(t)
    const input = await metrics.text()
    const checked = spawnSync('promtool', ['check', 'metrics', '--extended'], { input, encoding: 'utf8' })
    t.equal(checked.status, 0)
    t.equal(checked.stderr, '')
  },
)

t.test('GET /metrics answers as the format wants it', async (t) => {
  const { app } = await buildTestApp(t, { metrics: { text: async () => 'looper_slot_held 0\n' } })
  const answer = await app.inject('/metrics')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], METRICS_TYPE)
  t.equal(answer.body, 'looper_slot_held 0\n')
})

t.test('a service counts runs, notices that fail, and what the autopoll skips', async (t) => {
  const { service } = await setUpFault(t, {
    LOOPER_WORKSPACE: path.join(t.testdirName, 'workspace'),
    LOOPER_DEFAULT_PROMPT: 'sleep 300',
    LOOPER_IDLE_POLL_SECONDS: '1',
    // Nobody listens there.
    ZULIP_SITE: 'http://127.0.0.1:1',
  })
  const textOf = async () => (await fetch(`${service.url}/metrics`)).text()
  await until('a tick while the default run lives', async () => {
    return Number(sampleOf(await textOf(), 'looper_autopoll_skips_total', { reason: 'live' })) > 0
  })
  t.equal((await service.post({ zulip_message: 'x', codex_prompt: 'true' })).status, 500)
  const text = await textOf()
  t.equal(sampleOf(text, 'looper_notice_failures_total'), 1)
  t.equal(sampleOf(text, 'looper_runs_total', { trigger: 'http', outcome: 'failed_to_start' }), 1)
  t.equal(sampleOf(text, 'looper_run_processes'), 2, 'the run of the autopoll is as it was')
  t.equal(sampleOf(text, 'looper_slot_held'), 0)
})

t.test('a service with tokens counts them, and tells what it is', async (t) => {
  const { service } = await setUpFault(t, { LOOPER_API_TOKEN: 'a-token-of-this-test' })
  const answer = await fetch(`${service.url}/metrics`, {
    headers: { authorization: 'Bearer a-token-of-this-test' },
  })
  t.equal(answer.status, 200)
  const text = await answer.text()
  t.match(text, /^looper_tokens\{scope="\w+"\} 1$/m)
  t.match(text, /^looper_build_info\{version="\d+\.\d+\.\d+",node="[^"]+"\} 1$/m)
})
