import t from 'tap'
import { duration, outcomeOf, shortId, tookMs } from '../../src/cli/human.ts'

t.test('spans of time have at most two units', async (t) => {
  const cases: [number, string][] = [
    [-5, '0 s'],
    [400, '0.4 s'],
    [1000, '1 s'],
    [9940, '9.9 s'],
    [42_900, '42 s'],
    [60_000, '1 m'],
    [192_000, '3 m 12 s'],
    [7_500_000, '2 h 5 m'],
    [7_200_000, '2 h'],
    [273_600_000, '3 d 4 h'],
  ]
  for (const [ms, text] of cases) t.equal(duration(ms), text)
})

t.test('an outcome is told in a few words', async (t) => {
  t.equal(outcomeOf({ outcome: 'exited', return_code: 0 }), 'exited 0')
  t.equal(outcomeOf({ outcome: 'signaled', return_code: -9 }), 'signaled -9')
  t.equal(outcomeOf({ outcome: 'failed_to_start', return_code: null }), 'failed to start')
  t.equal(outcomeOf({ outcome: null, return_code: null, pid: 7 }), 'running')
  t.equal(outcomeOf({ outcome: null, return_code: null, pid: null }), 'starting')
})

t.test('how long a run took, or takes so far', async (t) => {
  const started_at = '2026-01-01T00:00:00.000Z'
  t.equal(tookMs({ started_at, ended_at: '2026-01-01T00:00:07.000Z' }, 0), 7000)
  t.equal(tookMs({ started_at, ended_at: null }, Date.parse(started_at) + 5), 5)
  t.equal(tookMs({ started_at: null, ended_at: null }, 0), null)
  t.equal(shortId('01234567-89ab'), '01234567')
})
