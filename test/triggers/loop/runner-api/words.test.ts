import t from 'tap'
import type { Agent } from '../../../../src/agents/agent.ts'
import { codex } from '../../../../src/agents/codex/codex.ts'
import { completeAgent } from '../../../../src/agents/complete-agent.ts'
import { opencode as core } from '../../../../src/agents/opencode/opencode.ts'
import { changedBy, configOf } from '../../../../src/triggers/loop/runner-api/config.ts'
import { eventsOf } from '../../../../src/triggers/loop/runner-api/events.ts'
import { modelOf, workerOf } from '../../../../src/triggers/loop/runner-api/model.ts'
import { historyOf, stateOf } from '../../../../src/triggers/loop/runner-api/state.ts'
import type { LoopStep } from '../../../../src/triggers/loop/steps.ts'
import { CODEX_ONLY } from '../../../helpers/agents.ts'
import { loopOf, roundOf } from '../../../helpers/loop-record.ts'

const program = { name: 'opencode', configured: null, builds: [] }
const opencode: Agent = completeAgent(core, { program, installRemedy: '', model: null, args: [] })
const BOTH = { ...CODEX_ONLY, all: [codex, opencode] }

t.test('a model is named whole, by its provider or by its agent, and back', async (t) => {
  for (const [agent, model, providerID, modelID] of [
    ['opencode', 'openrouter/anthropic/claude', 'openrouter', 'anthropic/claude'],
    ['opencode', 'opencode/big-pickle', 'opencode', 'big-pickle'],
    ['opencode', null, 'opencode', ''],
    ['codex', 'a/b', 'codex', 'a/b'],
    ['codex', null, 'codex', ''],
  ] as const) {
    t.same(modelOf({ agent, model }, BOTH), { providerID, modelID })
    t.same(workerOf({ providerID, modelID }, BOTH), { agent, model })
  }
  t.same(modelOf({}, BOTH), { providerID: 'codex', modelID: '' })
  t.same(modelOf({ agent: 'gone', model: 'x' }, BOTH), { providerID: 'gone', modelID: 'x' })
  t.same(modelOf({ agent: 'gone' }, BOTH), { providerID: 'gone', modelID: '' })
  t.same(modelOf({ agent: 'opencode', model: 'plain' }, BOTH), { providerID: 'opencode', modelID: 'plain' })
  t.throws(() => workerOf({ providerID: 'anthropic', modelID: 'x' }, CODEX_ONLY), /no agent takes models/)
})

t.test('what was sent back as it was told changes nothing that Loop Runner has no words for', async (t) => {
  const definition = { user: 'x', monitor: 'date', monitor_interval_seconds: 1.25, verify: 'true' } as const
  const config = configOf(definition, { working: 'W', persistent: 'P' }, BOTH)
  t.match(config, {
    monitor: { command: 'date', interval: 1250 },
    interval: 5000,
    maxIterations: 50,
    system: '',
  })
  const { system, interval_seconds, max_iterations, ...same } = changedBy(config, definition, BOTH)
  t.same(same, definition)
  t.same(
    { system, interval_seconds, max_iterations },
    { system: null, interval_seconds: 5, max_iterations: 50 },
  )
})

t.test('a monitor is replaced whole', async (t) => {
  const definition = { user: 'x', monitor: 'date', monitor_interval_seconds: 60 } as const
  for (const monitor of [null, {}, { command: ' ' }])
    t.match(changedBy({ monitor }, definition, BOTH), { monitor: null, monitor_interval_seconds: null })
  for (const interval of [undefined, null, 0]) {
    const monitor = interval === undefined ? { command: 'id' } : { command: 'id', interval }
    const changed = changedBy({ monitor }, definition, BOTH)
    t.match(changed, { monitor: 'id', monitor_interval_seconds: null })
    t.same(configOf(changed, { working: '', persistent: '' }, BOTH).monitor, { command: 'id' })
  }
  t.match(changedBy({ monitor: { command: 'id', interval: 1001 } }, definition, BOTH), {
    monitor: 'id',
    monitor_interval_seconds: 1.001,
  })
  t.throws(() => changedBy({ monitor: { command: 'id', interval: 999 } }, definition, BOTH), />= 1000/)
})

t.test('each step has its events', async (t) => {
  const state = stateOf(null, null, [])
  const round = roundOf({ iteration: 4, prompt: 'P' })
  const loop = loopOf({ state: 'running' })
  const of = (step: LoopStep) => eventsOf(step, state)
  t.same(of({ step: 'iteration', loop, round }), [{ type: 'iteration', iteration: 4 }])
  const watched = loopOf({ state: 'running', monitorOutput: 'M' })
  for (const about of [round, null])
    t.same(of({ step: 'monitor', loop: watched, round: about }), [{ type: 'monitor', output: 'M' }])
  t.same(of({ step: 'prompt', loop, round }), [{ type: 'prompt', prompt: 'P', iteration: 4 }])
  t.same(of({ step: 'response', loop, round }), [
    { type: 'response', response: '', iteration: 4 },
    { type: 'state', state },
  ])
  t.same(of({ step: 'changed', loop, round: null }), [])
  t.same(of({ step: 'changed', loop, round }), [])
  for (const cause of ['stopped', 'iterations', 'verified', 'completed'] as const)
    t.same(
      of({ step: 'ended', loop: loopOf({ state: 'ended', cause }), round }),
      [{ type: 'stopped' }],
      cause,
    )
  for (const cause of ['time', 'tokens', 'cost'] as const)
    t.same(of({ step: 'ended', loop: loopOf({ state: 'ended', cause, why: 'W' }), round }), [
      { type: 'error', message: 'W' },
      { type: 'stopped' },
    ])
  const held = loopOf({ state: 'paused', cause: 'quota', why: 'W' })
  t.same(of({ step: 'paused', loop: held, round: null }), [
    { type: 'error', message: 'W' },
    { type: 'state', state },
  ])
  t.equal(stateOf(held, 'S', []).running, true, 'it goes on by itself')
})

t.test(
  'history is the newest 100, oldest first, without what runs and what found nothing to do',
  async (t) => {
    const rounds = [...Array(230).keys()].map((at) =>
      roundOf({
        id: at + 1,
        iteration: at + 1,
        endedAt: at === 229 ? null : at,
        prompt: at % 2 ? null : 'P',
        error: null,
      }),
    )
    const records = {
      rounds: (_name: string, { limit, before }: { limit: number; before: number }) =>
        rounds
          .filter(({ id }) => id < before)
          .slice(-limit)
          .reverse(),
    }
    const told = historyOf(records, 'x')
    t.equal(told.length, 100)
    t.same(told.at(-1), { iteration: 229, prompt: 'P', response: '', timestamp: 228 })
    t.equal(told[0]?.iteration, 31)
    t.equal(historyOf(records, 'x', 1).length, 1)
    const unstarted = { rounds: () => [roundOf({ endedAt: 1, error: 'E' })] }
    t.match(historyOf(unstarted, 'x'), [{ prompt: '', response: '', error: 'E' }])
    const large = [roundOf({ id: 1, endedAt: 1, prompt: 'P', response: 'R' })]
    for (let id = 2; id < 30; id++)
      large.push(roundOf({ id, endedAt: id, prompt: 'P'.repeat(1_000_000), error: 'E' }))
    rounds.splice(0, rounds.length, ...large)
    t.equal(historyOf(records, 'x').length, 16)
    rounds.splice(10)
    t.match(historyOf(records, 'x')[0], { response: 'R' })
    t.match(historyOf(records, 'x')[9], { error: 'E' })
  },
)
