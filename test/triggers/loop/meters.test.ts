import { writeFileSync } from 'node:fs'
import t from 'tap'
import { LOOP_STATES } from '../../../src/triggers/loop/records.ts'
import { setUpLoops } from '../../helpers/loop-service.ts'
import { sampleOf } from '../../helpers/metrics.ts'

t.test('loops are counted by what they do, and so are their rounds and ends', async (t) => {
  const script = '[ ! -e ill ] || exit 3; say "$(date +%N)"'
  const { define, act, untilIs, file, service } = await setUpLoops(t, script)
  const textOf = async () => (await fetch(`${service().url}/metrics`)).text()
  const before = await textOf()
  for (const state of LOOP_STATES) t.equal(sampleOf(before, 'looper_loops', { state }), 0)
  t.equal(sampleOf(before, 'looper_loop_rounds_total'), 0)
  t.equal(sampleOf(before, 'looper_loop_ends_total', { cause: 'verified' }), 0)

  await define('idle')
  await define('one', { max_iterations: 2 })
  await act('one', 'start')
  await untilIs('one', 'ended')
  writeFileSync(file('ill'), '')
  await define('two', { max_same_failures: 1 })
  await act('two', 'start')
  await untilIs('two', 'paused')

  const text = await textOf()
  const loops = LOOP_STATES.map((state) => [state, sampleOf(text, 'looper_loops', { state })])
  t.same(Object.fromEntries(loops), { idle: 1, starting: 0, running: 0, waiting: 0, paused: 1, ended: 1 })
  t.equal(sampleOf(text, 'looper_loop_rounds_total'), 3)
  t.equal(sampleOf(text, 'looper_loop_ends_total', { cause: 'iterations' }), 1)
  t.equal(sampleOf(text, 'looper_loop_ends_total', { cause: 'stopped' }), 0)
})
