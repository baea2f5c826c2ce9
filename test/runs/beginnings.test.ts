import t, { type Test } from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { NOTHING_SAID } from '../../src/agents/said.ts'
import { LooperError } from '../../src/base/errors.ts'
import { createRuns } from '../../src/runs/runs.ts'
import { heartOf } from '../helpers/heart.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

const SPENT = new LooperError('LOOPER_BUDGET_SPENT', 'the day has used all')

/** A heart in which a launch is under way until it is let go on, and in which a day may be used up. */
async function setUp(test: Test) {
  let refusal: LooperError | null = null
  const heart = heartOf(test)
  const days = { ...heart.deps.days, refusal: () => refusal }
  const runs = createRuns({ ...heart.deps, days })
  test.teardown(() => runs.close())
  const gate = Promise.withResolvers<void>()
  const notify = async () => {
    await gate.promise
    return { output: 'announced', messageId: null }
  }
  const start = async (prompt: string, whenBusy?: 'wait') => {
    const started = await runs.start(heart.requestOf(heart.launchOf(prompt), { notify }), whenBusy)
    if (started.kind !== 'started') throw new Error(`it did not begin: ${started.kind}`)
    return started
  }
  return {
    ...{ heart, runs, start, goOn: gate.resolve },
    spend: () => {
      refusal = SPENT
    },
  }
}

t.test('what waited for a launch does not begin where the day is used up meanwhile', async (t) => {
  const { start, spend, goOn } = await setUp(t)
  const first = await start('exec sleep 300')
  const second = await start('true', 'wait')
  spend()
  const refused = t.rejects(second.done, { code: 'LOOPER_BUDGET_SPENT' })
  goOn()
  await first.done
  await refused
  await t.rejects(start('true'), { code: 'LOOPER_BUDGET_SPENT' })
})

t.test(
  'what waited for a launch does not begin where its agent met its limit meanwhile, in whatever run',
  async (t) => {
    const { heart, runs, start, goOn } = await setUp(t)
    const first = await start('exec sleep 300')
    const second = await start('true', 'wait')
    const limited = { ...NOTHING_SAID, errorKind: 'quota', errorUntil: Date.now() + 600_000 } as const
    const end = { outcome: 'exited', returnCode: 1, cause: null } as const
    const where = { endedAt: Date.now(), logPath: '/nowhere.log' }
    runs.holds.ended({ runId: 'of nobody', kind: codex, end, so: limited, ...where })
    t.match(runs.holds.of('codex'), { agent: 'codex', runId: 'of nobody' })
    const refused = t.rejects(second.done, { code: 'LOOPER_AGENT_HELD' })
    goOn()
    await first.done
    await refused
    t.equal(heart.eventsOf('hold.begin').length, 1)
  },
)

t.test('what waits in a slot waits on where the day is used up', async (t) => {
  const { heart, runs, spend } = await setUp(t)
  const asked = { ifRunning: 'queue', asked: '{"zulip_message":"later"}', place: 'last' } as const
  const { runId } = heart.begin('true')
  const intent = heart.ledger.find(runId)
  if (intent === null) throw new Error('it is not on the record')
  heart.ledger.enqueue({ ...intent, runId: 'later', check: null }, asked)
  spend()
  const never = () => Promise.reject(new Error('it was prepared'))
  t.match(await runs.next('default', never), { kind: 'later', why: SPENT.message })
  t.equal(heart.ledger.find('later')?.isWaiting, true)
})
