import t from 'tap'
import { createRuns } from '../../src/runs/runs.ts'
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
