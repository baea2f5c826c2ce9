import t from 'tap'
import { NOTHING_SAID } from '../../src/agents/said.ts'
import { MAX_PROMPT_BYTES } from '../../src/runs/prompt.ts'
import { createRuns } from '../../src/runs/runs.ts'
import { observeLedger } from '../../src/runs/steps.ts'
import { heartOf } from '../helpers/heart.ts'

const END = {
  outcome: 'parked',
  returnCode: -2,
  cause: 'c',
  endedAt: 2000,
  outputBytes: 0,
  tokensUsed: null,
} as const

t.test(
  'a parked run goes on once, as the next of its slot, and stays on the record until then',
  async (t) => {
    const { deps, ledger, begin } = heartOf(t)
    const runs = createRuns(deps)
    const { runId } = begin('true')
    t.equal(runs.goOn(runId, { prompt: 'p', why: 'w' }), null, 'it has not ended')
    t.equal(runs.goOn('nobody', { prompt: 'p', why: 'w' }), null)
    t.equal(await runs.park(runId, 'c'), null, 'it does not live')
    ledger.step(runId, { said: { ...NOTHING_SAID, sessionId: 'a session' } })
    ledger.finish(runId, END)
    t.same([...ledger.ended()], [])
    t.match(ledger.remains(0, 9), [{ runId, endedAt: null }])
    const next = runs.goOn(runId, { prompt: 'the answer', why: 'It was answered.' })
    t.equal(runs.goOn(runId, { prompt: 'again', why: 'w' }), next)
    const waiting = ledger.waitingIn('default', 9)
    t.match(waiting, [{ runId: next, prompt: 'the answer', agent: 'codex' }])
    t.match(JSON.parse(String(waiting[0]?.asked)), {
      resume: runId,
      if_running: 'queue',
      zulip_message: 'a run\nIt was answered.',
    })
    t.same(
      [...ledger.ended()].map((run) => run.runId),
      [runId],
    )
    t.match(ledger.remains(0, 1), [{ runId, endedAt: 2000 }])
  },
)

t.test('one that is stopped never goes on', async (t) => {
  const { deps, ledger: bare, begin } = heartOf(t)
  const { ledger, steps } = observeLedger(bare)
  const ends: unknown[] = []
  steps.subscribe(({ step, run: { outcome } }) => ends.push([step, outcome]))
  const runs = createRuns({ ...deps, ledger })
  const { runId } = begin('true')
  ledger.finish(runId, END)
  t.same(await runs.stop(runId, 'nobody wants it'), { signalled: [], survivors: [] })
  t.match(ledger.find(runId), { outcome: 'stopped', cause: 'nobody wants it', endedAt: 2000 })
  t.same(ends, [
    ['ended', 'parked'],
    ['ended', 'stopped'],
  ])
  t.match([...ledger.ended()], [{ runId }], 'it need not be kept any more')
  t.equal(await runs.stop(runId, 'again'), null)
  t.equal(ends.length, 2)
  const other = begin('true').runId
  ledger.finish(other, END)
  runs.goOn(other, { prompt: 'p', why: 'w' })
  t.equal(await runs.stop(other, 'too late'), null)
})

t.test('one that has told no session begins again, with its own prompt where that fits', async (t) => {
  const { deps, ledger, begin } = heartOf(t)
  const runs = createRuns(deps)
  for (const [prompt, expected] of [
    ['its task', 'its task\n\nthe answer'],
    ['x'.repeat(MAX_PROMPT_BYTES), 'the answer'],
  ] as const) {
    const { runId } = begin(prompt)
    ledger.finish(runId, END)
    const next = runs.goOn(runId, { prompt: 'the answer', why: 'w' })
    const waiting = ledger.waitingIn('default', 9).find((one) => one.runId === next)
    t.match(waiting, { prompt: expected, sessionId: null })
    t.notMatch(JSON.parse(String(waiting?.asked)), { resume: String })
  }
})
