import t from 'tap'
import { openEvents } from '../helpers/events.ts'
import { failureOf, sendRaw } from '../helpers/live-run.ts'
import { startLogApp } from '../helpers/log-app.ts'
import { until } from '../helpers/service.ts'

t.test('every step of every run comes as it happens, with the run as it then stands', async (t) => {
  const { url, begin, ledger, app } = await startLogApp(t)
  begin('before')
  const { events, headers, status } = await openEvents(`${url}/events`)
  t.match({ status, headers }, { status: 200, headers: { 'content-type': 'text/event-stream' } })
  const { launch, finish } = begin('one', null)
  ledger.step('one', { announcedAt: Date.UTC(2026, 0, 1), notice: 'OK' })
  begin('two', null)
  launch('')
  finish()
  const seen: unknown[] = []
  for await (const { event, data } of events) {
    const { step, run } = JSON.parse(data)
    seen.push([event, step, run.run_id, run.announced_at, run.outcome])
    if (step === 'ended') break
  }
  const announced = '2026-01-01T00:00:00.000Z'
  t.strictSame(seen, [
    ['step', 'requested', 'one', null, null],
    ['step', 'announced', 'one', announced, null],
    ['step', 'requested', 'two', null, null],
    ['step', 'launched', 'one', announced, null],
    ['step', 'ended', 'one', announced, 'exited'],
  ])
  const other = await openEvents(`${url}/events`)
  await app.close()
  t.match(await other.events.next(), { done: true }, 'who listens does not hold the shutdown')
})

t.test('a listener that takes nothing is dropped, and hears no more', async (t) => {
  const { url, begin, ledger, events: logged } = await startLogApp(t)
  const reader = await openEvents(`${url}/events`)
  reader.pause()
  const { runId } = begin('one')
  const notice = 'x'.repeat(200_000)
  await until('it is dropped', () => {
    ledger.step(runId, { announcedAt: 1, notice })
    return logged.some(({ msg }) => msg === 'stream.slow')
  })
  await until('its request has ended', () => logged.some(({ msg }) => msg === 'http.end'))
  ledger.step(runId, { announcedAt: 2 })
  t.equal(logged.filter(({ msg }) => msg === 'stream.slow').length, 1)
})

t.test('there is nothing to say about it without saying it', async (t) => {
  const { url } = await startLogApp(t)
  const answer = await sendRaw(url, { method: 'HEAD', path: '/events' })
  t.equal(answer.status, 405)
  t.match(failureOf(await sendRaw(url, { method: 'POST', path: '/events' })), { status: 405 })
})
