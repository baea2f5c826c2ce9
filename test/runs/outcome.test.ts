import t from 'tap'
import { type Ending, endOf, hasFailed, OUTCOMES } from '../../src/runs/outcome.ts'

const LOST = 'nobody knows'

t.test('an agent that ends by itself exited, with whatever status', async (t) => {
  for (const returnCode of [0, 1, 127, 255]) {
    t.strictSame(endOf(null, returnCode, LOST), { outcome: 'exited', returnCode, cause: null })
  }
})

t.test('an agent that somebody else killed ended by that signal', async (t) => {
  t.strictSame(endOf(null, -9, LOST), { outcome: 'signaled', returnCode: -9, cause: 'ended by signal 9' })
})

t.test('where nobody knows the status, the run is lost, and says why', async (t) => {
  t.strictSame(endOf(null, null, LOST), { outcome: 'lost', returnCode: null, cause: LOST })
})

t.test('what Looper did to a run counts more than its status', async (t) => {
  const endings: Ending[] = [
    { outcome: 'replaced', cause: 'replaced by run b' },
    { outcome: 'stopped', cause: 'the service was shut down' },
    { outcome: 'timed_out', cause: 'it ran for 1 s' },
    { outcome: 'stalled', cause: 'it wrote nothing' },
  ]
  for (const ending of endings) {
    for (const returnCode of [null, 0, -15]) {
      t.strictSame(endOf(ending, returnCode, LOST), { ...ending, returnCode })
    }
    t.ok(OUTCOMES.includes(ending.outcome))
  }
})

t.test('a run failed that ended by itself, and not well', async (t) => {
  const failed = OUTCOMES.filter((outcome) => hasFailed({ outcome, returnCode: 3 }))
  t.strictSame(failed, [
    'exited',
    'signaled',
    'timed_out',
    'stalled',
    'over_budget',
    'failed_to_start',
    'lost',
  ])
  t.notOk(hasFailed({ outcome: 'exited', returnCode: 0 }))
  t.ok(hasFailed({ outcome: 'timed_out', returnCode: 0 }), 'it ended well only because it was told to')
  t.ok(hasFailed({ outcome: 'exited', returnCode: null }), 'nobody knows that it ended well')
  t.notOk(hasFailed({ outcome: null, returnCode: null }), 'it lives')
})
