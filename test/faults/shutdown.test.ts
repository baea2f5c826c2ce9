import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openLedger } from '../../src/record/ledger.ts'
import { markOf, serverLogOf, setUpFault, trailersIn } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

// Each one waits more than it works.
t.jobs = 2

const GRACE_SECONDS = 1
const DEAF = `trap '' INT TERM; echo deaf; while :; do sleep 0.1; done`

/** What slows the request down, so that the signal comes in that step. */
const STEPS: Readonly<Record<string, { readonly old: string; readonly more: object }>> = {
  notice: { old: 'exec sleep 300', more: {} },
  stop: { old: DEAF, more: {} },
  delay: { old: 'exec sleep 300', more: { codex_exec_delay_seconds: 600 } },
  startup_check: { old: 'exec sleep 300', more: { codex_exec_startup_check_seconds: 600 } },
}

for (const signals of [1, 2]) {
  for (const [step, { old, more }] of Object.entries(STEPS)) {
    const times = signals === 1 ? 'SIGTERM' : 'SIGTERM twice'
    t.test(`26: ${times} in the step "${step}": an orderly end, and nothing left`, { buffered: true }, (t) =>
      check(t, step, old, more, signals),
    )
  }
}

async function check(t: Test, step: string, old: string, more: object, signals: number) {
  const { service, run, zulip, logDir, watch } = await setUpFault(t, {
    LOOPER_STOP_GRACE_SECONDS: String(GRACE_SECONDS),
  })
  const first = await run(old)
  if (old === DEAF) await until('it is deaf', () => textOf(first.log).includes('\ndeaf\n'))
  const steps = () => serverLogOf(logDir).split(`"step":"${step}"`).length
  const before = steps()
  if (step === 'notice') zulip.interrupt(() => undefined)
  const answer = run('exec sleep 300', more)
  await until('the step', () => steps() > before)
  await end(t, service.child, signals, () => service.output())
  t.match(await answer, { status: 503, body: { code: 'LOOPER_SHUTTING_DOWN' } })

  t.same(carriers(markOf(logDir)), [], 'nothing is left')
  const runs = recordIn(logDir)
  t.equal(runs.length, 2)
  for (const { runId, outcome, cause, logPath } of runs) {
    t.ok(outcome && cause, `${outcome}: ${cause}`)
    if (logPath) t.equal(trailersIn(logPath), 1)
    t.same(carriers(runId), [])
  }
  t.same(watch.overlaps, [])
}

t.test('26: SIGTERM in the middle of a run stops it with all its tools', async (t) => {
  const { service, run, logDir } = await setUpFault(t)
  const { runId, log } = await run('setsid sleep 300 & (sleep 300 &); sleep 300')
  await until('its tools run', () => carriers(runId).length === 4)
  await end(t, service.child, 1, () => service.output())
  t.same(carriers(markOf(logDir)), [])
  t.match(recordIn(logDir), [{ outcome: 'stopped', returnCode: -2, cause: 'the service was shut down' }])
  t.equal(trailersIn(log), 1)
})

/** Signals the service and awaits its end, within the grace and what it takes to sweep and to close. */
async function end(t: Test, child: ChildProcess, signals: number, output: () => string) {
  const exit = once(child, 'exit')
  const begin = performance.now()
  child.kill('SIGTERM')
  if (signals === 2) {
    await until('the first is heard', () => output().includes('SIGTERM: stopping'))
    child.kill('SIGTERM')
  }
  t.same(await exit, [0, null])
  t.ok(performance.now() - begin < GRACE_SECONDS * 1000 + 8000, 'within the grace')
}

function recordIn(logDir: string) {
  const ledger = openLedger(path.join(logDir, 'looper.db'), (message) => t.fail(message))
  try {
    return ledger.list({ limit: 9 })
  } finally {
    ledger.close()
  }
}
