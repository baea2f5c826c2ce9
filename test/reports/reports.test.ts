import path from 'node:path'
import t, { type Test } from 'tap'
import type { Announcement } from '../../src/notices/announce.ts'
import { openLedger } from '../../src/record/ledger.ts'
import type { RunRecord } from '../../src/record/run-record.ts'
import { openFlags } from '../../src/reports/flags.ts'
import { openReports } from '../../src/reports/reports.ts'
import { REPORT_TABLES } from '../../src/reports/tables.ts'
import { flagTool, reportTool } from '../../src/reports/tools.ts'
import { unstarted } from '../../src/runs/outcome.ts'
import { intentOf } from '../helpers/record.ts'

const NEVER = new AbortController().signal

function setUp(test: Test) {
  const ledger = openLedger(path.join(test.testdir(), 'looper.db'), test.fail)
  test.teardown(() => ledger.close())
  const clock = { at: 1000, now: () => clock.at }
  const tables = ledger.tablesOf(REPORT_TABLES)
  const begin = (runId: string): RunRecord => {
    ledger.begin(intentOf(runId))
    const run = ledger.find(runId)
    if (run === null) throw new Error('it is not on the record')
    return run
  }
  const remove = (runId: string) => {
    ledger.finish(runId, { ...unstarted(null), endedAt: 1, outputBytes: null, tokensUsed: null })
    ledger.remove(runId)
  }
  return {
    ledger,
    clock,
    begin,
    remove,
    reports: openReports(tables, clock),
    flags: openFlags(tables, clock),
  }
}

t.test('a report is kept with its run; the same title takes the place of what it said', async (t) => {
  const { reports, begin, clock } = setUp(t)
  const run = begin('a')
  begin('b')
  t.same(reports.of('a'), [])
  t.equal(reports.find(1), null)
  const { call } = reportTool(reports)
  t.same(await call({ title: 'Summary', markdown: '# One' }, run, NEVER), { report_id: 1, version: 1 })
  t.same(await call({ title: 'Other', markdown: 'x' }, run, NEVER), { report_id: 2, version: 1 })
  reports.write('b', 'Summary', 'of b')
  clock.at = 2000
  t.same(await call({ title: 'Summary', markdown: '# Two\n\0\ud800' }, run, NEVER), {
    report_id: 1,
    version: 2,
  })
  const report = {
    id: 1,
    runId: 'a',
    title: 'Summary',
    version: 2,
    characters: 8,
    createdAt: 1000,
    updatedAt: 2000,
  }
  t.match(reports.of('a'), [report, { id: 2, title: 'Other' }])
  t.same(reports.find(1), { ...report, markdown: '# Two\n\ufffd\ufffd' })
  t.match(reports.find(3), { runId: 'b', markdown: 'of b' })
})

t.test('a run has so many reports, and goes on with those that it has', async (t) => {
  const { reports, begin } = setUp(t)
  begin('a')
  for (let n = 0; n < 20; n++) reports.write('a', `report ${n}`, 'x')
  t.throws(() => reports.write('a', 'one more', 'x'), { code: 'LOOPER_REPORTS_LIMIT' })
  t.match(reports.write('a', 'report 7', 'y'), { version: 2 })
  t.equal(reports.of('a').length, 20)
})

t.test('what a run left counts for it, and goes with it', async (t) => {
  const { ledger, reports, flags, begin, remove } = setUp(t)
  begin('a')
  begin('b')
  const bytes = () => ledger.remains(0, 9).find(({ runId }) => runId === 'a')?.bytes ?? 0
  const before = bytes()
  reports.write('a', 'Summary', 'x'.repeat(100_000))
  t.equal(bytes() - before, 100_000)
  flags.raise('a', 'look')
  reports.write('b', 'Summary', 'of b')
  remove('a')
  t.same(reports.of('a'), [])
  t.equal(reports.find(1), null)
  t.same(flags.list({ state: 'open', runId: null, limit: 9 }), [])
  t.match(reports.find(2), { markdown: 'of b' })
  begin('c')
  t.match(reports.write('c', 'Summary', 'x'), { id: 3 }, 'no number comes twice')
})

t.test('a flag is raised, told once, and cleared by who looks first', async (t) => {
  const { flags, begin, clock } = setUp(t)
  const run = begin('a')
  const told: string[] = []
  let problem: Error | null = null
  const announcer = {
    async announce({ key, from, message, note }: Announcement) {
      if (problem) throw problem
      told.push(`${key} ${'runId' in from && from.runId}: ${message}`)
      note()
    },
  }
  const { call } = flagTool({ flags, announcer })
  t.equal(await call({ note: 'odd \0 thing' }, run, NEVER), 'Flag 1 is raised.')
  t.same(told, ['flag 1 a: 🚩 odd \ufffd thing'])
  problem = new Error('no way')
  t.match(await call({ note: 'another' }, run, NEVER), /^Flag 2 is raised; .*: no way$/)
  t.match(flags.untold(), [{ id: 2 }])
  const open = { state: 'open', runId: null, limit: 9 } as const
  t.match(flags.list(open), [{ id: 2 }, { id: 1, runId: 'a', note: 'odd \ufffd thing', clearedAt: null }])
  clock.at = 3000
  t.match(flags.clear(1, 'ada'), { clearedAt: 3000, clearedBy: 'ada' })
  clock.at = 4000
  t.match(flags.clear(1, 'bob'), { clearedAt: 3000, clearedBy: 'ada' })
  t.equal(flags.clear(7, 'bob'), null)
  t.match(flags.list(open), [{ id: 2 }])
  t.match(flags.list({ ...open, state: 'cleared' }), [{ id: 1 }])
  t.same(flags.list({ ...open, runId: 'b' }), [])
  t.equal(flags.list({ ...open, limit: 1 }).length, 1)
})

t.test('so many flags of a run wait to be looked at', async (t) => {
  const { flags, begin } = setUp(t)
  begin('a')
  begin('b')
  for (let n = 0; n < 10; n++) flags.raise('a', 'look')
  t.throws(() => flags.raise('a', 'look'), { code: 'LOOPER_FLAGS_LIMIT', message: /^10 flags/ })
  t.match(flags.raise('b', 'look'), { id: 11 })
  flags.clear(3, null)
  t.match(flags.raise('a', 'look'), { id: 12 })
})
