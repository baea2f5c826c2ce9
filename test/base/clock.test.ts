import { spawnSync } from 'node:child_process'
import path from 'node:path'
import t from 'tap'
import { MAX_TIMER_MS, systemClock } from '../../src/base/clock.ts'

t.test('the clock tells the time of the machine', async (t) => {
  const before = Date.now()
  const now = systemClock.now()
  t.ok(before <= now && now <= Date.now(), `${now} lies between two looks at Date.now()`)
})

t.test('a sleep lasts as long as it was asked to', async (t) => {
  const start = performance.now()
  await systemClock.sleep(30)
  t.ok(performance.now() - start >= 29, 'without a signal')
  const again = performance.now()
  await systemClock.sleep(30, new AbortController().signal)
  t.ok(performance.now() - again >= 29, 'with a signal that never aborts')
})

t.test('a sleep that is aborted rejects at once with the reason of the signal', async (t) => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const sleep = systemClock.sleep(MAX_TIMER_MS, controller.signal)
  controller.abort(reason)
  t.equal(await sleep.catch((error: unknown) => error), reason)
})

t.test('a sleep under a signal that was already aborted never begins', async (t) => {
  await t.rejects(systemClock.sleep(MAX_TIMER_MS, AbortSignal.abort(new Error('too late'))), {
    message: 'too late',
  })
})

t.test('the longest sleep raises no overflow warning, and one millisecond more does', async (t) => {
  const clock = path.resolve(import.meta.dirname, '../../src/base/clock.ts')
  const script = (ms: number) => `
    import { systemClock } from ${JSON.stringify(clock)}
    const over = new AbortController()
    const sleep = systemClock.sleep(${ms}, over.signal).then(() => 'fired', () => 'slept')
    setTimeout(() => over.abort(), 50)
    console.log(await sleep)`
  const run = (ms: number) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script(ms)], { encoding: 'utf8' })
  t.match(run(MAX_TIMER_MS), { stdout: 'slept\n', stderr: '' })
  t.match(run(MAX_TIMER_MS + 1), { stdout: 'fired\n', stderr: /TimeoutOverflowWarning/ })
})
