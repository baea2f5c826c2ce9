import t, { type Test } from 'tap'
import type { RunIntent } from '../../src/record/run-record.ts'
import type { Outcome } from '../../src/runs/outcome.ts'
import { buildTestApp } from '../helpers/app.ts'
import { intentOf } from '../helpers/record.ts'

const HOUR_MS = 3_600_000
const DAY = Date.UTC(2026, 10, 1)

/** A record of runs, one an hour, and ways to ask for lists of it. */
async function setUp(test: Test) {
  const { app, ledger } = await buildTestApp(test)
  let count = 0
  const add = (more: Partial<RunIntent> = {}, outcome: Outcome | null = 'exited', returnCode = 0) => {
    const runId = `run-${++count}`
    ledger.begin(intentOf(runId, { requestedAt: DAY + count * HOUR_MS, ...more }))
    const end = { returnCode, cause: null, endedAt: 1, outputBytes: 1, tokensUsed: null }
    if (outcome) ledger.finish(runId, { ...end, outcome })
    return runId
  }
  const page = async (query: string) => {
    const answer = await app.inject(`/runs${query}`)
    const { runs = [], next_cursor, ...failure } = answer.json()
    const ids: string[] = runs.map((run: { run_id: string }) => run.run_id)
    return { status: answer.statusCode, ids, cursor: next_cursor, failure }
  }
  const ids = async (query: string) => (await page(query)).ids.join(' ').replaceAll('run-', '')
  return { add, page, ids }
}

t.test('pages follow each other without a gap or a repeat while new runs arrive', async (t) => {
  const { add, page } = await setUp(t)
  for (let i = 0; i < 25; i++) add()
  const seen: string[] = []
  let query = '?limit=10'
  for (let pages = 1; ; pages++) {
    const { ids, cursor } = await page(query)
    seen.push(...ids)
    add()
    if (cursor === null) {
      t.equal(pages, 3)
      break
    }
    t.match(cursor, /^[\w-]+$/)
    query = `?limit=10&cursor=${cursor}`
  }
  t.strictSame(
    seen,
    Array.from({ length: 25 }, (_, i) => `run-${25 - i}`),
  )
})

t.test('a page that is just full is the last one where nothing follows', async (t) => {
  const { add, page } = await setUp(t)
  for (let i = 0; i < 4; i++) add()
  const { cursor } = await page('?limit=2')
  t.match(await page(`?limit=2&cursor=${cursor}`), { ids: ['run-2', 'run-1'], cursor: null })
})

t.test('filters hold on every page, alone and together', async (t) => {
  const { add, ids, page } = await setUp(t)
  add({ trigger: 'hook' })
  add({}, 'lost')
  add({ workspace: '/other repo' })
  add({ trigger: 'hook' }, 'stopped')
  add({ trigger: 'autopoll', workspace: '/other repo' }, 'lost')
  add({ trigger: 'hook' }, null)
  t.equal(await ids('?outcome=lost'), '5 2')
  t.equal(await ids('?outcome=live'), '6')
  t.equal(await ids('?outcome=stopped,live,lost,lost'), '6 5 4 2')
  t.equal(await ids('?outcome=timed_out'), '')
  t.equal(await ids('?trigger=hook'), '6 4 1')
  t.equal(await ids('?workspace=/other%20repo'), '5 3')
  t.equal(await ids('?workspace=/other'), '')
  t.equal(await ids('?trigger=hook&outcome=exited,stopped&since=2026-11-01T02:00:00Z'), '4')
  t.equal(await ids('?other=1&limit=1'), '6', 'what nobody knows is ignored')
  const { cursor } = await page('?trigger=hook&limit=1')
  add({ trigger: 'hook' })
  t.equal(await ids(`?trigger=hook&limit=1&cursor=${cursor}`), '4')
  t.equal(await ids(`?outcome=stopped,lost&cursor=${cursor}`), '5 4 2')
})

t.test('failed are those that ended, and not well', async (t) => {
  const { add, ids, page } = await setUp(t)
  const outcomes = ['exited', 'replaced', 'stopped', 'lost', 'failed_to_start'] as const
  for (const outcome of outcomes) add({}, outcome)
  add({ workspace: '/other' }, 'exited', 3)
  add({}, 'signaled', -9)
  add({}, null)
  for (const outcome of ['timed_out', 'stalled'] as const) add({ trigger: 'hook' }, outcome)
  t.equal(await ids('?outcome=failed'), '10 9 7 6 5 4')
  t.equal(await ids('?outcome=failed,exited'), '10 9 7 6 5 4 1', 'each once')
  t.equal(await ids('?outcome=lost,failed,live'), '10 9 8 7 6 5 4')
  t.equal(await ids('?outcome=failed&workspace=/other'), '6')
  t.equal(await ids('?outcome=failed&trigger=hook'), '10 9')
  const { cursor } = await page('?outcome=failed&limit=2')
  t.equal(await ids(`?outcome=failed&limit=3&cursor=${cursor}`), '7 6 5')
})

t.test('since is a date or a time with its zone, and may be before or after everything', async (t) => {
  const { add, ids } = await setUp(t)
  for (let i = 0; i < 30; i++) add()
  t.equal(await ids('?since=2026-11-02'), '30 29 28 27 26 25 24')
  t.equal(await ids('?since=2026-11-02T05:00:00Z'), '30 29')
  t.equal(await ids('?since=2026-11-02T05:00:00.001Z'), '30')
  t.equal(await ids('?since=2026-11-02T07:00%2B02:00'), '30 29')
  t.equal(await ids('?since=2026-11-03'), '')
  t.equal((await ids('?since=1970-01-01')).split(' ').length, 30)
})

t.test('a clock that was set back hides no run', async (t) => {
  const { add, ids } = await setUp(t)
  const at = (hour: number) => add({ requestedAt: DAY + hour * HOUR_MS })
  for (const hour of [1, 5, 6, 2, 3, 4, 5]) at(hour)
  t.equal(await ids('?since=2026-11-01T05:00Z'), '7 3 2')
  t.equal(await ids('?since=2026-11-01T04:00Z&limit=2'), '7 6')
})

t.test('a value that is none is refused by the name of its field', async (t) => {
  const { page } = await setUp(t)
  const refusals: [string, string][] = [
    ...['0', '501', '', '-1', '1.5', 'ten'].map((value): [string, string] => [
      `limit=${value}`,
      "'limit' must be a whole number from 1 to 500",
    ]),
    ...['2026-02-31', '2026-02-30T10:00:00Z'].map((value): [string, string] => [
      `since=${value}`,
      `'since': there is no ${value.slice(0, 10)}`,
    ]),
    ['limit=1&limit=2', "'limit' must be a string"],
    ...['', 'x', '12', 'c2VxIC0x', `c2Vx${'I'.repeat(500)}`, '%00'].map((value): [string, string] => [
      `cursor=${value}`,
      "'cursor' must be what 'next_cursor' gave",
    ]),
    ...['', 'ended', 'exited,', 'exited, lost', 'LIVE'].map((value): [string, string] => [
      `outcome=${value}`,
      "'outcome' must be one or more of live, failed, exited, signaled, replaced, stopped, parked, timed_out, stalled, over_budget, failed_to_start, lost",
    ]),
    ['trigger=cron', "'trigger' must be one of http, hook, autopoll, tool, chat"],
    ...['', 'yesterday', '2026', '2026-13-01', '2026-11-01T00:00:00', '2026-11-01T25:00Z', '1'].map(
      (value): [string, string] => [
        `since=${value}`,
        "'since' must be a date, or a time with its zone, in ISO 8601",
      ],
    ),
  ]
  for (const [query, error] of refusals) {
    const { status, failure } = await page(`?${query}`)
    t.match({ status, ...failure }, { status: 400, ok: false, code: 'LOOPER_FIELD_INVALID', error }, query)
  }
})
