import t from 'tap'
import {
  askedBy,
  baseName,
  bytes,
  duration,
  firstLine,
  moment,
  runningMs,
  verdict,
} from '../../src/dashboard/page/format.js'
import { OUTCOMES } from '../../src/runs/outcome.ts'
import type { RunSummary } from '../../src/runs/schemas.ts'

const run: RunSummary = {
  run_id: 'a',
  request_id: 'b',
  trigger: 'http',
  caller: null,
  name: 'a run',
  failed: false,
  remedy: null,
  agent: 'codex',
  workspace: '/srv/project/',
  pid: 1,
  log_path: null,
  outcome: null,
  return_code: null,
  cause: null,
  requested_at: '2026-01-02T03:04:05.000Z',
  announced_at: null,
  stopped_at: null,
  started_at: '2026-01-02T03:04:06.000Z',
  ended_at: null,
  notice: null,
  notice_id: null,
  stopped_pids: [],
  output_bytes: null,
  tokens_used: null,
  timeout_seconds: 0,
  stall_seconds: 0,
}

t.test('a length of time has two units at most', async (t) => {
  const cases = [
    [-5, '0s'],
    [59_999, '59s'],
    [60_000, '1m 00s'],
    [724_000, '12m 04s'],
    [11_220_000, '3h 07m'],
    [190_800_000, '2d 5h'],
  ] as const
  for (const [ms, text] of cases) t.equal(duration(ms), text)
})

t.test('bytes are counted in steps of 1024', async (t) => {
  const cases = [
    [0, '0 B'],
    [830, '830 B'],
    [1434, '1.4 KB'],
    [54_525_952, '52 MB'],
    [3 * 1024 ** 4, '3.0 TB'],
    [5000 * 1024 ** 4, '5000 TB'],
  ] as const
  for (const [count, text] of cases) t.equal(bytes(count), text)
})

t.test('a moment shows its day where it is not today, and its year where it is not this one', async (t) => {
  const now = new Date(2026, 10, 24, 23, 19).getTime()
  t.equal(moment(new Date(2026, 10, 24, 9, 5).toISOString(), now), '09:05')
  t.equal(moment(new Date(2026, 10, 3, 9, 5).toISOString(), now), '3 Nov, 09:05')
  t.equal(moment(new Date(2025, 10, 24, 9, 5).toISOString(), now), '24 Nov 2025, 09:05')
})

t.test('a run has run until its end, or until now; what never began has not', async (t) => {
  const now = Date.parse('2026-01-02T03:05:06.000Z')
  t.equal(runningMs(run, now), 60_000)
  t.equal(runningMs({ ...run, outcome: 'exited', ended_at: '2026-01-02T03:04:16.000Z' }, now), 10_000)
  t.equal(runningMs({ ...run, started_at: null, ended_at: '2026-01-02T03:04:16.000Z' }, now), null)
  t.equal(runningMs({ ...run, outcome: 'lost' }, now), null)
})

t.test('every outcome has words, an icon and a tone of its own', async (t) => {
  t.same(verdict(run), { icon: 'live', tone: 'live', label: 'running' })
  t.same(verdict({ ...run, started_at: null }), { icon: 'wait', tone: 'live', label: 'starting' })
  t.same(verdict({ ...run, outcome: 'exited', return_code: 0 }), {
    icon: 'check',
    tone: 'ok',
    label: 'exited 0',
  })
  const labels = OUTCOMES.map((outcome) => verdict({ ...run, outcome, return_code: -9 }).label)
  t.same(labels, [
    'exited -9',
    'signal 9',
    'replaced',
    'stopped',
    'timed out',
    'stalled',
    'failed to start',
    'lost',
  ])
})

t.test('names are short', async (t) => {
  t.equal(askedBy(run), 'http')
  t.equal(askedBy({ ...run, trigger: 'hook', caller: 'github' }), 'hook by github')
  t.equal(baseName('/srv/project/'), 'project')
  t.equal(baseName('/'), '/')
  t.equal(firstLine('\n one line \nanother', 20), 'one line ')
  t.equal(firstLine('abcdef', 4), 'abc…')
  t.equal(firstLine('', 4), '')
})
