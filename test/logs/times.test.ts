import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import t, { type Test } from 'tap'
import { openLog } from '../../src/logs/file.ts'
import { createLogIndexes } from '../../src/logs/line-index.ts'
import { timesOf } from '../../src/logs/times.ts'
import { noteTimes, timesPathOf } from '../../src/logs/times-file.ts'
import { createLiveRuns } from '../../src/runs/live.ts'
import { heartOf } from '../helpers/heart.ts'
import { descriptorsAt, startLogApp } from '../helpers/log-app.ts'
import { until } from '../helpers/service.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)

/** Notes the times of a log, a look whenever the test says so. */
function noting(test: Test, file: string) {
  const complete = new AbortController()
  let now = T0
  let wake = () => undefined as unknown
  let asleep = Promise.withResolvers<void>()
  const clock = {
    now: () => now,
    sleep: () =>
      new Promise<void>((resolve) => {
        wake = resolve
        asleep.resolve()
      }),
  }
  const done = noteTimes(file, clock, complete.signal)
  test.teardown(() => complete.abort())
  return {
    done,
    asleep: () => asleep.promise,
    async look(afterMs: number) {
      now += afterMs
      asleep = Promise.withResolvers()
      wake()
      await asleep.promise
    },
    async finish(afterMs: number) {
      now += afterMs
      complete.abort()
      wake()
      await done
    },
  }
}

const timeOf = (ms: number) => new Date(T0 + ms).toISOString()

t.test('each line has the time of the look that saw its begin', async (t) => {
  const { begin, app } = await startLogApp(t)
  const { file, write } = begin('one', 'header\n')
  const ask = async (query = '') => (await app.inject(`/runs/one/log/times?${query}`)).json()
  t.strictSame(await ask(), { times: [], noted: false, is_complete: true })
  const notes = noting(t, file)
  await notes.asleep()
  t.equal(statSync(timesPathOf(file)).mode & 0o777, 0o600)
  await notes.look(500)
  write('two\nthr')
  await notes.look(500)
  write('ee')
  await notes.look(500)
  write('\nfour\nfive\n')
  await notes.look(500)
  write('six')
  const all = [
    { from: 1, to: 1, time: timeOf(0) },
    { from: 2, to: 3, time: timeOf(1000) },
    { from: 4, to: 5, time: timeOf(2000) },
  ]
  t.strictSame(await ask(), { times: all, noted: true, is_complete: true })
  await notes.finish(500)
  t.strictSame(
    (await ask()).times,
    [...all, { from: 6, to: 6, time: timeOf(2500) }],
    'also what came at the very end',
  )
  t.strictSame((await ask('from=3&count=2')).times, [
    { from: 3, to: 3, time: timeOf(1000) },
    { from: 4, to: 4, time: timeOf(2000) },
  ])
  t.strictSame(await ask('from=99'), { times: [], noted: true, is_complete: true })
  t.strictSame(await ask('count=0'), { times: [], noted: true, is_complete: true })
  t.match(await ask('from=x'), { code: 'LOOPER_FIELD_INVALID' })
  t.equal(readFileSync(file, 'utf8'), 'header\ntwo\nthree\nfour\nfive\nsix', 'the log is as it was')
  t.equal(descriptorsAt(file), 0)

  const large = begin('large', 'x\n'.repeat(100_000))
  writeFileSync(timesPathOf(large.file), '')
  const opened = await openLog(large.file)
  t.teardown(() => opened.file.close())
  const log = await createLogIndexes().of(large.file, opened)
  const wanted = { from: 90_000, count: 1, since: null }
  t.strictSame(
    await timesOf(log, large.file, wanted, () => true),
    { times: [], noted: true, is_complete: false },
    'not counted yet',
  )
})

t.test('what was written since a time begins with the line that was being written then', async (t) => {
  const { begin, app } = await startLogApp(t)
  const { file, write } = begin('one', 'header\n')
  const ask = async (since: string, query = '') =>
    (await app.inject(`/runs/one/log/times?since=${encodeURIComponent(since)}${query}`)).json()
  const notes = noting(t, file)
  await notes.asleep()
  const looks: [number, string][] = [
    [1000, 'two\n'],
    [1000, 'three, '],
    [1000, 'goes on, '],
    [1000, 'and ends\nfour\n'],
    // The clock is set back.
    [-3500, 'five\n'],
    [1000, 'six\n'],
  ]
  for (const [ms, text] of looks) {
    write(text)
    await notes.look(ms)
  }
  const lines = async (since: string, query = '') =>
    (await ask(since, query)).times.map(({ from, to }: { from: number; to: number }) => [from, to])
  const last = [
    [4, 4],
    [5, 5],
    [6, 6],
  ]
  t.strictSame(await lines(timeOf(-1)), [[1, 1], [2, 2], [3, 3], ...last])
  t.strictSame(await lines(timeOf(1000)), [[2, 2], [3, 3], ...last])
  t.strictSame(await lines(timeOf(1001)), [[3, 3], ...last])
  t.strictSame(await lines(timeOf(3000)), [[3, 3], ...last], 'a line that goes on belongs to it')
  t.strictSame(await lines(timeOf(4000)), [[3, 4], ...last.slice(1)])
  t.strictSame(await lines(timeOf(4001)), [])
  t.strictSame(await lines(timeOf(1000), '&count=2'), [
    [2, 2],
    [3, 3],
  ])
  t.strictSame(await lines(timeOf(1000), '&from=5'), last.slice(2), 'the clock that was set back is believed')
  t.strictSame((await ask(timeOf(4001))).is_complete, true)
  t.strictSame(await lines('2026-01-02T04:04:06+01:00'), [[2, 2], [3, 3], ...last], 'in any zone')
  for (const wrong of ['', 'yesterday', '5', '2026-01-99x', `2026-01-02T${'9'.repeat(999)}`])
    t.match(await ask(wrong), { code: 'LOOPER_FIELD_INVALID', error: /'since' must be a time/ })
  t.match(await ask('2026-02-31T03:04:05Z'), {
    code: 'LOOPER_FIELD_INVALID',
    error: "'since': there is no 2026-02-31",
  })

  truncateSync(file, 9)
  t.strictSame(await lines(timeOf(4000)), [[2, 2]], 'what was cut off is not told')
  writeFileSync(timesPathOf(file), 'x'.repeat(90))
  t.strictSame(await lines(timeOf(0)), [], 'what is no record')

  const record = (end: number, at: number) =>
    `${String(end).padStart(15, '0')} ${String(at).padStart(13, '0')}\n`
  writeFileSync(timesPathOf(file), `${record(7, T0)}${record(9, T0)}${'x'.repeat(30)}`)
  t.strictSame(await lines(timeOf(1)), [], 'nor is one behind others')

  const long = begin('long', 'x\n'.repeat(5000))
  const records = Array.from({ length: 4500 }, (_, at) => record(2 * (at + 1), T0 + 500 * at))
  writeFileSync(timesPathOf(long.file), records.join(''))
  const answer = await app.inject(`/runs/long/log/times?count=1&since=${timeOf(500 * 4321)}`)
  t.strictSame(answer.json().times, [{ from: 4322, to: 4322, time: timeOf(500 * 4321) }])
  const none = await app.inject(`/runs/long/log/times?since=${timeOf(500 * 4500)}`)
  t.strictSame(none.json().times, [])
})

t.test('after a crash it goes on behind the last whole record', async (t) => {
  const { begin, app } = await startLogApp(t)
  const { file, write } = begin('one', 'a\n')
  const first = noting(t, file)
  await first.asleep()
  await first.finish(0)
  appendFileSync(timesPathOf(file), '0000000000')
  write('b\n')
  const second = noting(t, file)
  await second.finish(700)
  t.strictSame((await app.inject('/runs/one/log/times')).json().times, [
    { from: 1, to: 1, time: timeOf(0) },
    { from: 2, to: 2, time: timeOf(0) },
  ])
  const third = noting(t, file)
  await third.finish(0)
  t.equal(readFileSync(timesPathOf(file)).length, 60, 'where nothing came, nothing is noted')
})

t.test('a log that was cut off is noted anew, and one that was removed no more', async (t) => {
  const { begin, app } = await startLogApp(t)
  const { file, write } = begin('one', 'a\nb\nc\n')
  const notes = noting(t, file)
  await notes.asleep()
  truncateSync(file, 0)
  write('x\n')
  await notes.look(500)
  t.strictSame((await app.inject('/runs/one/log/times')).json().times, [
    { from: 1, to: 1, time: timeOf(500) },
  ])
  rmSync(file)
  await notes.look(500)
  await notes.finish(0)
  t.equal(readFileSync(timesPathOf(file)).length, 30)
})

t.test('what stands in the place of the times is neither followed nor believed', async (t) => {
  const { begin, app, dir } = await startLogApp(t)
  const { file } = begin('one', 'a\n')
  const times = timesPathOf(file)
  const ask = async () => (await app.inject('/runs/one/log/times')).json()
  writeFileSync(`${dir}/secret`, 'secret')
  const place: [() => void, RegExp][] = [
    [() => symlinkSync(`${dir}/secret`, times), /ELOOP/],
    [() => linkSync(`${dir}/secret`, times), /something else stands in the place of its times/],
    [() => mkdirSync(times), /EISDIR/],
  ]
  for (const [put, why] of place) {
    put()
    await t.rejects(noting(t, file).done, { message: why })
    t.match(await ask(), { times: [] })
    rmSync(times, { recursive: true })
  }
  t.equal(readFileSync(`${dir}/secret`, 'utf8'), 'secret')
  t.equal(descriptorsAt(file), 0)

  for (const junk of ['x'.repeat(3000), `${'9'.repeat(15)} ${'9'.repeat(13)}\n`, '\n'.repeat(90)]) {
    writeFileSync(times, junk)
    const answer = await app.inject('/runs/one/log/times')
    t.equal(answer.statusCode, 200, junk.slice(0, 9))
  }
  writeFileSync(times, 'x'.repeat(90))
  const notes = noting(t, file)
  await notes.asleep()
  await notes.finish(0)
  t.match(await ask(), { times: [{ from: 1, to: 1 }] }, 'it begins anew')
})

t.test(
  'a run is noted from its launch to its end; times that cannot be noted are told, and the run goes on',
  async (t) => {
    const heart = heartOf(t, { noteTimes: (file, complete) => noteTimes(file, heart.deps.clock, complete) })
    const { runId, request } = heart.begin('echo one; sleep 0.1; echo two')
    const run = await createLiveRuns(heart.deps).launch(runId, request)
    await run.ended
    t.match(readFileSync(timesPathOf(run.logPath), 'latin1'), /^(\d{15} \d{13}\n)+$/)
    const failing = heartOf(t, { noteTimes: () => Promise.reject(new Error('no times')) })
    const other = failing.begin('true')
    await (await createLiveRuns(failing.deps).launch(other.runId, other.request)).ended
    await until('it is told', () => failing.eventsOf('run.times.fail').length === 1)
  },
)
