import t from 'tap'
import type { RunRecord } from '../../../src/record/run-record.ts'
import { type Backoff, backoffOf, FAILURES_TO_PAUSE } from '../../../src/triggers/autopoll/backoff.ts'

type Ended = Parameters<typeof backoffOf>[0][number]

const POLL_MS = 300_000
const HOUR_MS = 3_600_000
/** When every run of these tests ended. */
const ENDED_AT = Date.UTC(2026, 5, 15)

const runOf = (more: Partial<Ended> = {}): Ended => ({
  runId: '80000000-0000-4000-8000-000000000000',
  trigger: 'autopoll',
  outcome: 'exited',
  returnCode: 0,
  launchedAt: ENDED_AT - 60_000,
  endedAt: ENDED_AT,
  ...more,
})
const SUCCESS = runOf()
const FAILURE = runOf({ returnCode: 1 })
const NEUTRAL = runOf({ outcome: 'stopped', returnCode: -2 })
const REQUEST = runOf({ trigger: 'http', returnCode: 1 })

const decide = (runs: readonly Ended[], afterMs = 0, pollMs = POLL_MS): Backoff =>
  backoffOf(runs, ENDED_AT + afterMs, pollMs)

/** How long after the end of the last run the next one is due; 0 where it is at once. */
function waitOf(runs: readonly Ended[], pollMs = POLL_MS): number {
  const backoff = decide(runs, 0, pollMs)
  return backoff.kind === 'wait' ? backoff.until - ENDED_AT : 0
}

t.test('without runs, or after a success, it goes', async (t) => {
  t.strictSame(decide([]), { kind: 'go' })
  t.strictSame(decide([SUCCESS, FAILURE, FAILURE]), { kind: 'go' })
})

t.test('what counts as a failure, as a success, and as neither', async (t) => {
  const failures: Partial<Ended>[] = [
    { returnCode: 1 },
    { returnCode: 0, launchedAt: ENDED_AT - 4999 },
    { outcome: 'signaled', returnCode: -9 },
    { outcome: 'timed_out', returnCode: null },
    { outcome: 'stalled', returnCode: -15 },
    { outcome: 'failed_to_start', returnCode: null, launchedAt: null },
    { outcome: 'lost', returnCode: null },
  ]
  for (const failure of failures) {
    t.match(decide([runOf(failure), SUCCESS]), { kind: 'wait', failures: 1 }, JSON.stringify(failure))
  }
  const successes: Partial<Ended>[] = [
    { returnCode: 0, launchedAt: ENDED_AT - 5000 },
    { trigger: 'http', returnCode: 1 },
    { trigger: 'http', outcome: 'failed_to_start', returnCode: null },
    { trigger: 'http', outcome: null, returnCode: null, endedAt: null },
  ]
  for (const success of successes) {
    t.strictSame(decide([runOf(success), FAILURE]), { kind: 'go' }, JSON.stringify(success))
  }
  const neutrals: RunRecord['outcome'][] = [null, 'replaced', 'stopped']
  for (const outcome of neutrals) {
    const neutral = runOf({ outcome, returnCode: null })
    t.strictSame(decide([neutral]), { kind: 'go' })
    t.match(
      decide([neutral, FAILURE, neutral, FAILURE, SUCCESS]),
      { kind: 'wait', failures: 2 },
      String(outcome),
    )
  }
})

t.test('each failure in a row doubles the wait, spread by a quarter at most', async (t) => {
  for (let failures = 1; failures < FAILURES_TO_PAUSE; failures++) {
    const runs = Array.from({ length: failures }, () => FAILURE)
    const full = POLL_MS * 2 ** failures
    for (const first of ['00000000', '3fffffff', '80000000', 'ffffffff']) {
      const wait = waitOf([{ ...FAILURE, runId: `${first}-x` }, ...runs.slice(1)])
      t.ok(wait >= full * 0.75 && wait <= full * 1.25, `${failures} failures, ${first}: ${wait} ms`)
    }
  }
  t.equal(waitOf([{ ...FAILURE, runId: '00000000' }]), POLL_MS * 2 * 0.75)
  t.equal(waitOf([{ ...FAILURE, runId: 'ffffffff' }]), POLL_MS * 2 * 1.25)
})

t.test('no wait is longer than six hours and a quarter more', async (t) => {
  const run = { ...FAILURE, runId: 'ffffffff' }
  t.equal(waitOf([run, FAILURE, FAILURE, FAILURE], 24 * HOUR_MS), 7.5 * HOUR_MS)
})

t.test('the wait is the same at every look, and over at its end', async (t) => {
  const wait = waitOf([FAILURE])
  for (const afterMs of [0, 1, wait - 1]) {
    t.strictSame(decide([FAILURE], afterMs), { kind: 'wait', failures: 1, until: ENDED_AT + wait })
  }
  t.strictSame(decide([FAILURE], wait), { kind: 'go' })
})

t.test('a clock that was set back makes nobody wait longer than the wait', async (t) => {
  t.strictSame(decide([FAILURE], -1), { kind: 'go' })
  t.strictSame(decide([FAILURE], -24 * HOUR_MS), { kind: 'go' })
})

t.test(
  'five failures in a row are a pause that time does not end, and a request or a success does',
  async (t) => {
    const row = Array.from({ length: FAILURES_TO_PAUSE }, (_, i) => ({ ...FAILURE, runId: `0000000${i}` }))
    for (const afterMs of [0, 1000 * HOUR_MS, -HOUR_MS]) {
      t.strictSame(decide(row, afterMs), { kind: 'pause', failures: 5, lastRunId: '00000000' })
    }
    t.strictSame(decide([NEUTRAL, ...row]), { kind: 'pause', failures: 5, lastRunId: '00000000' })
    t.match(decide([FAILURE, ...row]), { kind: 'pause', failures: 6 })
    t.strictSame(decide([REQUEST, ...row]), { kind: 'go' })
    t.strictSame(decide([SUCCESS, ...row]), { kind: 'go' })
    t.match(
      decide([FAILURE, REQUEST, ...row]),
      { kind: 'wait', failures: 1 },
      'then it counts from the start',
    )
  },
)
