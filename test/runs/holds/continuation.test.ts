import path from 'node:path'
import t, { type Test } from 'tap'
import type { Agents } from '../../../src/agents/agents.ts'
import { NOTHING_SAID } from '../../../src/agents/said.ts'
import { openLedger } from '../../../src/record/ledger.ts'
import type { RunIntent } from '../../../src/record/run-record.ts'
import { continuationOf } from '../../../src/runs/holds/continuation.ts'
import { MAX_PROMPT_BYTES } from '../../../src/runs/prompt.ts'
import { CODEX_ONLY } from '../../helpers/agents.ts'
import { intentOf } from '../../helpers/record.ts'

const INTENT = intentOf('a', { workspace: '/ws', prompt: 'do it', requestedAt: 1, onQuota: 'hold' })

/** An agent whose session is there, is not, or nobody knows. */
function agentsWith(sessionExists: boolean | null): Agents {
  const agent = { ...CODEX_ONLY.standard, sessionExists: () => sessionExists }
  return { ...CODEX_ONLY, all: [agent], standard: agent }
}
const WITH = { agents: agentsWith(true), env: () => ({}), now: 10 }

const END = { outcome: 'exited', returnCode: 1, cause: null, remedy: null, endedAt: 9 } as const
const CUT = { ...END, outputBytes: 0, tokensUsed: null }

/** A run on the record that a usage limit interrupted. */
function interrupted(test: Test, changes: Partial<RunIntent> = {}, reply: string | null = null) {
  const ledger = openLedger(path.join(test.testdir(), 'looper.db'), () => undefined)
  test.teardown(() => ledger.close())
  ledger.begin({ ...INTENT, ...changes })
  if (reply !== null) {
    const said = { ...NOTHING_SAID, sessionId: 's', reply, errorKind: 'quota' } as const
    ledger.step('a', { said })
  }
  ledger.interrupt('a')
  ledger.finish('a', CUT)
  const [run] = ledger.interrupted()
  if (!run) throw new Error('it is not interrupted')
  return { ledger, run, next: continuationOf(run, WITH) }
}

t.test('a run that got something done goes on in its session, and is told to go on', async (t) => {
  const asked = JSON.stringify({ system_prompt: 'be brief', wait: true, verify: 'true' })
  const { next } = interrupted(t, { asked, session: 's', model: 'm' }, 'half of it')
  t.match(next.intent, { session: 's', prompt: /^A usage limit interrupted you/, requestId: /^[0-9a-f]{8}$/ })
  t.notMatch(next.intent.prompt, 'do it')
  const body = JSON.parse(next.wait.asked)
  t.match(body, { resume: 'a', model: 'm', verify: 'true', if_running: 'queue', on_quota: 'hold' })
  t.notOk('system_prompt' in body || 'wait' in body, 'its session began with that, and nobody waits')
  t.equal(next.wait.place, 'first')
})

t.test('one that got nothing done may not have its task; a huge one has no room for more', async (t) => {
  const { next, run } = interrupted(t, { session: 's' })
  t.match(next.intent.prompt, /^A usage limit.*\n\ndo it$/s)
  const again = continuationOf({ ...run, prompt: next.intent.prompt }, WITH)
  t.equal(again.intent.prompt, next.intent.prompt, 'that is not said twice')
  const huge = { ...run, prompt: 'x'.repeat(MAX_PROMPT_BYTES) }
  t.notMatch(continuationOf(huge, WITH).intent.prompt, 'xx')
})

t.test('without a session it begins again; that of the autopoll stays one of the autopoll', async (t) => {
  const { next } = interrupted(t, {
    trigger: 'autopoll',
    asked: JSON.stringify({ system_prompt: 'be brief' }),
  })
  t.match(next.intent, {
    session: null,
    prompt: 'do it',
    trigger: 'autopoll',
    requestId: /^auto[0-9a-f]{8}$/,
  })
  const body = JSON.parse(next.wait.asked)
  t.match(body, { system_prompt: 'be brief' })
  t.notOk('resume' in body)
})

t.test(
  'a session that was told and never written is begun anew, unless the task stands in it alone',
  async (t) => {
    const { run } = interrupted(t, { session: 's' })
    const goesOn = (exists: boolean | null, prompt: string) =>
      continuationOf({ ...run, prompt }, { ...WITH, agents: agentsWith(exists) })
    t.match(goesOn(false, 'do it').intent, { session: null, prompt: 'do it' })
    t.notOk('resume' in JSON.parse(goesOn(false, 'do it').wait.asked))
    t.match(goesOn(null, 'do it').intent, { session: 's' })
    const { prompt } = continuationOf({ ...run, reply: 'half of it' }, WITH).intent
    t.match(goesOn(false, prompt).intent, { session: 's', prompt })
  },
)

t.test(
  'one that goes on and meets the limit before it told a session goes on in the same one, once',
  async (t) => {
    const { ledger, next } = interrupted(t, {}, 'half of it')
    let { intent, wait } = next
    for (let n = 0; n < 3; n++) {
      const before = ledger.interrupted()
      ledger.goOn(String(before[0]?.runId), intent, wait)
      t.same(ledger.interrupted(), [], 'once')
      ledger.interrupt(intent.runId)
      ledger.step(intent.runId, { said: { ...NOTHING_SAID, errorKind: 'quota' } })
      ledger.finish(intent.runId, CUT)
      const [run, ...more] = ledger.interrupted()
      if (!run) throw new Error('it is lost')
      t.match(run, { runId: intent.runId, sessionId: 's' })
      t.same(more, [])
      ;({ intent, wait } = continuationOf(run, WITH))
      t.match(intent, { session: 's', prompt: /^A usage limit/ })
      t.equal(JSON.parse(wait.asked).resume, run.runId)
    }
  },
)

t.test('what goes on is written as a whole or not at all, and once', async (t) => {
  const { ledger, run, next } = interrupted(t)
  t.throws(() => ledger.goOn('a', { ...next.intent, runId: run.runId }, next.wait))
  t.equal(ledger.interrupted().length, 1)
  t.equal(ledger.waitingIn('default', 9).length, 0)
  ledger.goOn('a', next.intent, next.wait)
  t.same(ledger.interrupted(), [])
  t.equal(ledger.waitingIn('default', 9).length, 1)
  ledger.dropHold('nobody')
})
