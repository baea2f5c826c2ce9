import t from 'tap'
import type { RunRecord } from '../../src/record/run-record.ts'
import type { RunResult } from '../../src/runs/run.ts'
import type { Runs } from '../../src/runs/runs.ts'
import { costTool } from '../../src/tools/cost.ts'
import { bodyOf } from '../../src/tools/next-run.ts'
import { requestRunTool } from '../../src/tools/request-run.ts'
import { runInfoTool } from '../../src/tools/run-info.ts'
import { tellTool } from '../../src/tools/tell.ts'
import { defaultsOf, tellingRuns } from '../helpers/app.ts'
import { heartOf } from '../helpers/heart.ts'

const NEVER = new AbortController().signal

/** A run on the record, with changes. */
function runWith(test: import('tap').Test, changes: Partial<RunRecord>): RunRecord {
  const heart = heartOf(test)
  const found = heart.ledger.find(heart.begin('true').runId)
  if (found === null) throw new Error('it is not on the record')
  return { ...found, ...changes }
}

t.test('what an agent says goes out, or waits; who says too much is told so', async (t) => {
  const told: string[] = []
  const keys = new Set<string>()
  let pending = 0
  const tell = tellTool({
    notices: {
      async tell(_run, { key, message }) {
        keys.add(key)
        told.push(message)
        return told.length === 1 ? 'sent' : 'waits'
      },
    },
    ledger: { outboxCounts: () => ({ pending, givenUp: 0, oldestAt: null }) },
  })
  const run = runWith(t, {})
  t.equal(await tell.call({ message: 'one' }, run, NEVER), 'Told.')
  t.match(await tell.call({ message: 'two' }, run, NEVER), /on its way/)
  pending = 50
  await t.rejects(tell.call({ message: 'three' }, run, NEVER), /50 messages wait to be sent already/)
  t.same(told, ['one', 'two'])
  t.equal(keys.size, 2, 'the same words twice are two messages')
})

t.test('a run asks for one after it at a time, is replaced once, and five wait for it at most', async (t) => {
  const { runs, asked } = tellingRuns()
  let replacing = Promise.withResolvers<RunResult>()
  const start: Runs['start'] = async (request) => {
    await runs.start(request)
    const made = { runId: `run-${asked.length}`, done: replacing.promise }
    return request.ifRunning === 'queue'
      ? { kind: 'waiting', ahead: asked.length - 1, ...made }
      : { kind: 'started', ...made }
  }
  const run = runWith(t, {})
  const requestRun = requestRunTool({
    runs: { ...runs, start },
    ledger: { waitingFor: () => asked.length },
    defaults: defaultsOf(t),
    newRequestId: () => '0a1b2c3d',
  })
  const ask = (if_running: string, by = run) =>
    requestRun.call({ message: 'next', prompt: 'x', if_running }, by, NEVER)

  const [first, second] = await Promise.allSettled([ask('queue'), ask('queue')])
  t.match(first, { value: 'Run run-1 waits for this one to end; 0 wait before it.' })
  t.match(second, { reason: /asks for the next one already/ })
  for (let more = 2; more <= 5; more++) t.match(await ask('queue'), `Run run-${more} waits`)
  await t.rejects(ask('queue'), /5 runs that this one asked for wait already/)

  t.match(await ask('replace'), /^Run run-6 begins/)
  await t.rejects(ask('replace'), /asks for the next one already/)
  t.match(await ask('replace', { ...run, runId: 'another' }), /^Run run-7 begins/)
  replacing.reject(new Error('nobody could be told'))
  await replacing.promise.catch(() => undefined)
  replacing = Promise.withResolvers()
  t.match(await ask('replace'), /^Run run-8 begins/, 'it lives on, and may ask again')
  const third = { ...run, runId: 'third' }
  await t.rejects(requestRun.call({ message: 'a\0b', prompt: 'x' }, third, NEVER), /NUL/)
  t.match(await ask('replace', third), /^Run run-9 begins/, 'what was wrong may be put right')
})

t.test(
  'what was used is told as it is metered, and what is left; what is not known is null, never 0',
  async (t) => {
    const today = { day: '2026-11-27', until: 0, usedUp: null }
    const ask = async (changes: Partial<RunRecord>, used: object) => {
      const days = {
        today: () => ({ ...today, tokens: 0, costUsd: 0, cap: { maxTokens: 0, maxCostUsd: 0 }, ...used }),
      }
      return costTool({ runs: { days } }).call({}, runWith(t, changes), NEVER)
    }
    const nothing = {
      ...{ tokens_used: null, max_tokens: null, tokens_left: null },
      ...{ cost_usd: null, max_cost_usd: null, cost_usd_left: null },
    }
    t.same(await ask({}, {}), { run: nothing, today: { day: '2026-11-27', ...nothing } })
    const usage = { input: 1, cached: null, output: 2, total: 3 }
    const cap = { maxTokens: 100, maxCostUsd: 1 }
    t.same(
      await ask(
        { usage, costUsd: 0.5, budget: { maxTokens: 10, maxCostUsd: 2 } },
        { tokens: 150, costUsd: 0.75, cap },
      ),
      {
        run: {
          ...{ tokens_used: 3, max_tokens: 10, tokens_left: 7 },
          ...{ cost_usd: 0.5, max_cost_usd: 2, cost_usd_left: 1.5 },
        },
        today: {
          day: '2026-11-27',
          ...{ tokens_used: 150, max_tokens: 100, tokens_left: 0 },
          ...{ cost_usd: 0.75, max_cost_usd: 1, cost_usd_left: 0.25 },
        },
      },
    )
    t.match(await ask({ budget: { maxTokens: 10, maxCostUsd: 2 } }, {}), {
      run: { max_tokens: 10, tokens_left: null, max_cost_usd: 2, cost_usd_left: null },
    })
  },
)

t.test('a run tells its limits, and nulls for those that it has not', async (t) => {
  const info = (changes: Partial<RunRecord>, now = 60_000) =>
    runInfoTool({ clock: { now: () => now } }).call({}, runWith(t, changes), NEVER)
  const none = { launchedAt: 0, timeoutMs: 0, stallMs: 0, budget: { maxTokens: 0, maxCostUsd: 0 } }
  t.match(await info(none), {
    running_seconds: 60,
    ends_at: null,
    seconds_left: null,
    ended_after_silent_seconds: null,
    max_tokens: null,
    tokens_used: null,
    max_cost_usd: null,
    cost_usd: null,
  })
  const limited = { launchedAt: 0, timeoutMs: 90_000, stallMs: 5000, costUsd: 0.5 }
  const usage = { input: 1, cached: null, output: 2, total: 3 }
  t.match(await info({ ...limited, usage, budget: { maxTokens: 10, maxCostUsd: 2 } }), {
    ends_at: '1970-01-01T00:01:30.000Z',
    seconds_left: 30,
    ended_after_silent_seconds: 5,
    max_tokens: 10,
    tokens_used: 3,
    max_cost_usd: 2,
    cost_usd: 0.5,
  })
  const worktree = { id: 'one', branch: 'looper/one', workspace: '/own', kept: null }
  t.match(await info({ ...none, worktree }), { workspace: '/own' }, 'where it really works')
  t.match(await info({ ...none, launchedAt: null }), { running_seconds: 0 })
  t.match(
    await info({ ...limited, launchedAt: 60_000 }, 0),
    { running_seconds: 0 },
    'a clock that was set back',
  )
  t.match(await info(limited, 200_000), { seconds_left: 0 })
})

t.test(
  'the next run is what this one was asked to be, in a work tree of its own where it has one',
  async (t) => {
    const worktree = { id: 'one', branch: 'looper/one', workspace: '/own', kept: null }
    const run = runWith(t, { slot: 'docs', timeoutMs: 1500, budget: { maxTokens: 7, maxCostUsd: 0.5 } })
    const asked = {
      slot: 'docs',
      workspace: run.workspace,
      timeout_seconds: 1.5,
      max_tokens: 7,
      max_cost_usd: 0.5,
    }
    t.match(bodyOf(run), { ...asked, isolate: null })
    t.match(bodyOf({ ...run, worktree }), { ...asked, isolate: 'worktree' })
  },
)
