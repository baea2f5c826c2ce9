import t from 'tap'
import { ERROR_KINDS } from '../../../src/agents/agent-events.ts'
import { OUTCOMES } from '../../../src/runs/outcome.ts'
import type { RunSummary } from '../../../src/runs/run-schemas.ts'
import {
  askedBy,
  baseName,
  bytes,
  clockTime,
  cost,
  dayName,
  duration,
  errorName,
  firstLine,
  fullTime,
  isFailed,
  moment,
  nameOf,
  runningMs,
  spent,
  tokens,
  tokensOf,
  told,
  verdict,
  withLocalTimes,
} from '../../../src/views/dashboard/page/format.js'
import { UNSAID_ANSWER } from '../../helpers/agents.ts'

const run: RunSummary = {
  run_id: 'a',
  request_id: 'b',
  trigger: 'http',
  caller: null,
  ...UNSAID_ANSWER,
  name: 'a run',
  failed: false,
  remedy: null,
  agent: 'codex',
  slot: 'default',
  workspace: '/srv/project/',
  share_workspace: false,
  pid: 1,
  log_path: null,
  waiting: false,
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
  silent_since: null,
  max_tokens: null,
  max_cost_usd: null,
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
  t.same(verdict({ ...run, started_at: null, waiting: true }), {
    icon: 'wait',
    tone: 'quiet',
    label: 'waiting',
  })
  t.same(verdict({ ...run, outcome: 'exited', return_code: 0 }), {
    icon: 'check',
    tone: 'ok',
    label: 'exited 0',
  })
  const checked = (said: 'verified' | 'refuted' | 'unverified') =>
    verdict({ ...run, outcome: 'exited', return_code: 0, verdict: said })
  t.same(checked('verified'), { icon: 'check', tone: 'ok', label: 'exited 0, verified' })
  t.same(checked('unverified'), { icon: 'check', tone: 'ok', label: 'exited 0, unverified' })
  t.same(checked('refuted'), { icon: 'cross', tone: 'bad', label: 'exited 0, refuted' })
  const labels = OUTCOMES.map((outcome) => verdict({ ...run, outcome, return_code: -9 }).label)
  t.same(labels, [
    'exited -9',
    'signal 9',
    'replaced',
    'stopped',
    'parked',
    'timed out',
    'stalled',
    'over budget',
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

t.test(
  'a moment in full, the time of day and the day of a list are as whoever looks counts time',
  async (t) => {
    const at = new Date(2026, 10, 23, 9, 5, 7)
    t.match(fullTime(at.toISOString()), /^Monday,? 23 November 2026 at 09:05:07 \S+/)
    t.equal(clockTime(at.getTime()), '09:05:07')
    t.equal(clockTime(new Date(2026, 0, 1).getTime()), '00:00:00')
    const now = new Date(2026, 10, 24, 0, 1).getTime()
    const days = [
      [new Date(2026, 10, 24, 0, 0), 'Today'],
      [new Date(2026, 10, 23, 23, 59), 'Yesterday'],
      [new Date(2026, 10, 22, 23, 59), 'Sunday, 22 November'],
      [new Date(2025, 10, 24, 12), 'Monday, 24 November 2025'],
      // A clock that is ahead of the service's.
      [new Date(2026, 10, 25, 12), 'Wednesday, 25 November'],
    ] as const
    for (const [date, name] of days) t.equal(dayName(date.toISOString(), now), name)
    const newYear = new Date(2026, 0, 1, 3).getTime()
    t.equal(dayName(new Date(2025, 11, 31, 12).toISOString(), newYear), 'Yesterday')
  },
)

t.test('what is no time does not break a page', async (t) => {
  for (const wrong of ['', 'yesterday', '<b>', '9'.repeat(5000)]) {
    for (const format of [fullTime, (iso: string) => moment(iso, 0), (iso: string) => dayName(iso, 0)])
      t.doesNotThrow(() => format(wrong))
    t.equal(typeof clockTime(Number(wrong)), 'string')
  }
})

t.test('only whole moments in a sentence are told in local time', async (t) => {
  const now = new Date(2026, 10, 24, 23, 19).getTime()
  const iso = new Date(2026, 10, 24, 9, 5).toISOString()
  t.equal(withLocalTimes(`paused since ${iso}, until ${iso}.`, now), 'paused since 09:05, until 09:05.')
  for (const same of ['', 'no time', '2026-11-24', `${iso.slice(0, -1)}`, '$& 2026-11-24T', '<b>$1</b>'])
    t.equal(withLocalTimes(same, now), same)
  t.equal(withLocalTimes('at 2026-99-99T99:99:99Z', now), 'at 2026-99-99T99:99:99Z', 'what is none is left')
  const began = performance.now()
  withLocalTimes('2026-11-24T'.repeat(100_000) + '1'.repeat(100_000), now)
  t.ok(performance.now() - began < 1000, 'however long it is')
})

t.test('a run has the name that it was told by, or its id from a service that tells none', async (t) => {
  t.equal(nameOf(run), 'a run')
  const { name: _, ...nameless } = run
  t.equal(nameOf(nameless as RunSummary), 'a')
  t.equal(
    nameOf({ ...run, name: '<img onerror=alert(1)>' }),
    '<img onerror=alert(1)>',
    'a text, whatever it says',
  )
})

t.test('a run has failed where it is told so; an older service lets it be seen by the outcome', async (t) => {
  t.equal(isFailed({ ...run, failed: true }), true)
  t.equal(isFailed({ ...run, outcome: 'lost', failed: false }), false, 'the service knows best')
  const { failed: _, ...untold } = run
  const failing = OUTCOMES.filter((outcome) =>
    isFailed({ ...untold, outcome, return_code: 0 } as unknown as RunSummary),
  )
  t.same(failing, ['signaled', 'timed_out', 'stalled', 'over_budget', 'failed_to_start', 'lost'])
  t.equal(isFailed({ ...untold, outcome: 'exited', return_code: 1 } as unknown as RunSummary), true)
  t.equal(isFailed(untold as unknown as RunSummary), false, 'not while it lives')
})

t.test('what became of a run is told in words that say whether that is bad', async (t) => {
  t.equal(told(run), 'running')
  t.equal(told({ ...run, outcome: 'exited', return_code: 0 }), 'exited 0')
  t.equal(told({ ...run, outcome: 'exited', return_code: 3, failed: true }), 'failed, exited 3')
  t.equal(told({ ...run, outcome: 'failed_to_start', failed: true }), 'failed to start')
  t.equal(told({ ...run, outcome: 'stopped' }), 'stopped')
})

t.test('tokens and cost are told shortly, and not at all where they are not known', async (t) => {
  const counts = [
    [0, '0'],
    [999, '999'],
    [1000, '1k'],
    [12_349, '12.3k'],
    [99_951, '100k'],
    [999_499, '999k'],
    [999_500, '1M'],
    [3_120_000, '3.1M'],
    [250_000_000, '250M'],
  ] as const
  for (const [count, words] of counts) t.equal(tokens(count), words)
  const costs = [
    [0, '$0.00'],
    [0.000_01, '< $0.0001'],
    [0.0042, '$0.0042'],
    [0.1, '$0.10'],
    [12.345, '$12.35'],
  ] as const
  for (const [usd, words] of costs) t.equal(cost(usd), words)

  const usage = { input: 1, cached: null, output: 2, total: 1500 }
  t.equal(tokensOf({ ...run, usage, tokens_used: 7 }), 1500)
  t.equal(tokensOf({ ...run, usage: null, tokens_used: 7 }), 7)
  t.equal(spent({ ...run, usage: null, tokens_used: null }, false), '')
  const full = { ...run, agent: 'claude', model: 'opus', usage, cost_usd: 0.25 }
  t.equal(spent(full, true), 'claude · opus · 1.5k tokens · $0.25')
  t.equal(spent(full, false), 'opus · 1.5k tokens · $0.25')
})

t.test('every kind of error has its words', async (t) => {
  t.strictSame(ERROR_KINDS.map(errorName), [
    'Usage limit',
    'Budget used up',
    'Not logged in',
    'Model not reached',
    'Context full',
    'Refused',
    'Crashed',
    'Error',
  ])
})
