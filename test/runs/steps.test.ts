import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { observeLedger, type RunStep } from '../../src/runs/steps.ts'
import { heartOf } from '../helpers/heart.ts'

const END = {
  outcome: 'exited',
  returnCode: 0,
  cause: null,
  endedAt: 4,
  outputBytes: 5,
  tokensUsed: null,
} as const

t.test('every step that is recorded is told, with the run as it then stands', async (t) => {
  const heart = heartOf(t)
  const { ledger, steps } = observeLedger(heart.ledger)
  const told: RunStep[] = []
  steps.subscribe((step) => told.push(step))
  const { runId, request } = heart.begin('x')
  const intent = { ...request, runId: `${runId}2`, agent: 'codex', binary: '/codex', requestedAt: 1 }
  ledger.begin(intent)
  ledger.step(runId, { announcedAt: 2, notice: 'OK' })
  ledger.step(runId, { stoppedAt: 3, stoppedPids: [7] })
  ledger.step(runId, { mirroredBytes: 9 })
  ledger.step(runId, { launchedAt: 3 })
  ledger.finish(runId, END)
  ledger.finish(runId, { ...END, outcome: 'failed_to_start' })
  t.equal(told.length, 5, 'a run ends once')
  t.match(told, [
    { step: 'requested', run: { runId: `${runId}2`, outcome: null } },
    { step: 'announced', run: { runId, notice: 'OK' } },
    { step: 'stopped', run: { stoppedPids: [7] } },
    { step: 'launched', run: { launchedAt: 3, mirroredBytes: 9 } },
    { step: 'ended', run: { runId, outcome: 'exited', returnCode: 0, notice: 'OK' } },
  ])
})

t.test('what is told is what stands on the record, however it was given', async (t) => {
  const heart = heartOf(t)
  const { ledger, steps } = observeLedger(heart.ledger)
  const told: unknown[] = []
  steps.subscribe(({ run }) => told.push([run.launchedAt, run.noticeId, run.tokensUsed]))
  const { runId } = heart.begin('x')
  const other = new DatabaseSync(heart.dbPath)
  other.exec('BEGIN IMMEDIATE')
  ledger.step(runId, { launchedAt: 3.2, noticeId: 1.5 })
  ledger.finish(runId, { ...END, tokensUsed: 1e20 })
  other.close()
  t.same(told, [
    [3, null, null],
    [3, null, null],
  ])
})

t.test('a listener hears nothing before it came and after it left, nor of runs nobody knows', async (t) => {
  const heart = heartOf(t)
  const { ledger, steps } = observeLedger(heart.ledger)
  const { runId } = heart.begin('x')
  ledger.step(runId, { launchedAt: 1 })
  const told: RunStep[] = []
  const leave = steps.subscribe((step) => told.push(step))
  ledger.step('nobody', { launchedAt: 1 })
  ledger.finish(runId, END)
  leave()
  ledger.step(runId, { launchedAt: 1 })
  t.match(told, [{ step: 'ended' }])
  t.equal(told.length, 1)
})

t.test('a ledger that cannot be read is written all the same', async (t) => {
  const heart = heartOf(t)
  const find = () => {
    throw new Error('disk I/O error')
  }
  const { ledger, steps } = observeLedger({ ...heart.ledger, find })
  steps.subscribe(() => t.fail('nothing to tell'))
  const { runId } = heart.begin('x')
  ledger.step(runId, { launchedAt: 1 })
  ledger.finish(runId, END)
  t.match(heart.ledger.find(runId), { launchedAt: 1, outcome: 'exited' })
})
