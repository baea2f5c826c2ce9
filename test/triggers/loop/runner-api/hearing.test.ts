import { pino } from 'pino'
import t from 'tap'
import { createListeners } from '../../../../src/base/listeners.ts'
import { configOf } from '../../../../src/triggers/loop/runner-api/config.ts'
import { createHearing } from '../../../../src/triggers/loop/runner-api/hearing.ts'
import { stateOf } from '../../../../src/triggers/loop/runner-api/state.ts'
import type { LoopStep } from '../../../../src/triggers/loop/steps.ts'
import { CODEX_ONLY } from '../../../helpers/agents.ts'
import { loopOf, roundOf } from '../../../helpers/loop-record.ts'

function setUp() {
  const lines: Record<string, unknown>[] = []
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const steps = createListeners<LoopStep>()
  let working = ''
  let loop = loopOf({ state: 'running' })
  let isBroken = false
  const hearing = createHearing({
    steps,
    name: 'default',
    config: () => configOf(loop.definition, { working, persistent: '' }, CODEX_ONLY),
    state() {
      if (isBroken) throw new Error('the record is broken')
      return stateOf(loop, null, [])
    },
    logger,
  })
  const heard: string[] = []
  return {
    hearing,
    heard,
    lines,
    listen: () => hearing.subscribe(({ type }) => heard.push(type)),
    tell: (step: LoopStep['step'], round: LoopStep['round'] = null) => steps.tell({ step, loop, round }),
    write: (text: string) => {
      working = text
    },
    is: (state: 'running' | 'ended') => {
      loop = loopOf({ state, cause: state === 'ended' ? 'stopped' : null })
    },
    breaks: (broken: boolean) => {
      isBroken = broken
    },
  }
}

t.test('a prompt is told once, however often its launch is tried', async (t) => {
  const { hearing, heard, listen, tell } = setUp()
  tell('started')
  t.match(hearing.connected(), { type: 'connected', state: { running: true } })
  listen()
  tell('prompt', roundOf({ id: 1, prompt: 'P' }))
  tell('prompt', roundOf({ id: 1, prompt: 'P' }))
  tell('prompt', roundOf({ id: 2, prompt: 'P' }))
  t.same(heard, ['prompt', 'prompt'])
})

t.test('what was cleared after a round is told as a new configuration', async (t) => {
  const { hearing, heard, listen, tell, write } = setUp()
  write('W')
  hearing.connected()
  const leave = listen()
  hearing.connected()
  write('')
  tell('response', roundOf({ response: 'R' }))
  tell('changed')
  t.same(heard, ['response', 'state', 'config'])
  leave()
  tell('changed')
  t.equal(heard.length, 3)
})

t.test(
  'a loop that goes on after a pause is told, and a record that cannot be read ends nothing',
  async (t) => {
    const { hearing, heard, lines, listen, tell, is, breaks } = setUp()
    is('ended')
    hearing.connected()
    listen()
    is('running')
    tell('changed')
    tell('changed')
    is('ended')
    tell('ended')
    is('running')
    tell('changed')
    t.same(heard, ['state', 'stopped', 'state'])
    breaks(true)
    tell('changed')
    t.throws(() => hearing.connected(), /broken/)
    t.match(lines, [{ msg: 'loop.events.fail', error: 'the record is broken' }])
    breaks(false)
    t.throws(
      () =>
        hearing.changing(() => {
          throw new Error('no room')
        }),
      /no room/,
    )
    is('ended')
    tell('ended')
    t.equal(heard.at(-1), 'stopped', 'and it is heard again')
  },
)
