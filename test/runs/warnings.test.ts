import { pino } from 'pino'
import t from 'tap'
import { createMeters } from '../../src/base/meters.ts'
import type { Days } from '../../src/runs/budget/days.ts'
import { observeLedger } from '../../src/runs/steps.ts'
import { nearDayOf, nearOf, silenceOf, tellWarnings } from '../../src/runs/warnings.ts'
import { heartOf } from '../helpers/heart.ts'

t.test('a silence is told in one line, which names what to do', async (t) => {
  t.equal(
    silenceOf({ runId: '0a1b2c3d-x', name: 'Fix\nit', slot: 'docs' }, 0),
    'Run 0a1b2c3d (Fix it) in slot docs has given no sign of life since 1970-01-01T00:00:00.000Z. ' +
      '"looper show 0a1b2c3d" shows its last lines, "looper stop 0a1b2c3d" ends it.',
  )
})

const TODAY = {
  day: '2026-11-27',
  tokens: 900,
  costUsd: 1,
  cap: { maxTokens: 1000, maxCostUsd: 5 },
  until: 0,
  usedUp: null,
}

t.test('most of a budget is told in one line', async (t) => {
  const run = { runId: '0a1b2c3d-x', name: 'Fix it', budget: TODAY.cap }
  t.equal(
    nearOf(run),
    'Run 0a1b2c3d (Fix it) has used four fifths of its budget (1,000 tokens, $5.00); it is stopped when it has used all.',
  )
  t.equal(
    nearDayOf(TODAY),
    "Today's runs have used four fifths of what they may: 900 tokens, $1.00 of 1,000 tokens, $5.00. " +
      'When all is used, they are stopped, and nothing is launched before 1970-01-01T00:00:00.000Z.',
  )
})

t.test('each silence is told and counted; a notice that fails is told in the log', async (t) => {
  const heart = heartOf(t)
  const { ledger, steps } = observeLedger(heart.ledger)
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => lines.push(line) })
  const meters = createMeters()
  const told: string[] = []
  const notify = (text: string) => {
    told.push(text)
    return Promise.reject(new Error('no such stream'))
  }
  const heard: Parameters<Days['onNear']>[0][] = []
  const days = { onNear: (listener: (typeof heard)[number]) => heard.push(listener) }
  tellWarnings({ steps, days, notify, meters, logger, signal: new AbortController().signal })
  const { runId } = heart.begin('x')
  ledger.step(runId, { launchedAt: 1 })
  ledger.step(runId, { silentSince: 2 })
  ledger.step(runId, { silentSince: null })
  ledger.step(runId, { nearAt: 4 })
  heard[0]?.(TODAY)
  await new Promise(setImmediate)
  t.match(told, [/no sign of life/, /four fifths of its budget/, /four fifths of what they may/])
  t.match(meters.counters(), [{ name: 'looper_run_silences_total', counts: new Map([['', 1]]) }])
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { msg: 'day.budget.near', day: '2026-11-27' },
      { msg: 'warning.notice.fail', run_id: runId, error: 'no such stream' },
      { msg: 'warning.notice.fail', run_id: runId },
      { msg: 'warning.notice.fail', run_id: null },
    ],
  )
})
