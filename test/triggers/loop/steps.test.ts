import t from 'tap'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { observeLoops } from '../../../src/triggers/loop/steps.ts'
import { openEvents } from '../../helpers/events.ts'
import { heartOf } from '../../helpers/heart.ts'
import { COUNTING, setUpLoops } from '../../helpers/loop-service.ts'

t.test('what is put on the record is told as it stands there, as long as somebody listens', async (t) => {
  const { records, steps } = observeLoops(loopRecords(heartOf(t).ledger.tablesOf(LOOP_TABLES)))
  const told: string[] = []
  records.define('one', { user: 'x' })
  const stop = steps.subscribe(({ step, loop, round }) =>
    told.push(`${step} ${loop.state}${round === null ? '' : ` ${round.id} ${round.error}`}`),
  )
  records.define('one', { user: 'y' })
  records.update('one', { state: 'starting' })
  const begin = { iteration: 1, startedAt: 1, hint: '' }
  const open = () => {
    const round = records.openRound('one')
    if (round === null) throw new Error('there is none')
    return round
  }
  records.beginRound('one', { state: 'running', iteration: 1 }, begin)
  records.stepRound('one', open(), { prompt: 'do' })
  records.stepRound('one', open(), { runId: 'a' }, { runId: 'a' })
  records.stepRound('one', open(), { endedAt: 2, error: null }, { state: 'waiting' })
  records.beginRound('one', { state: 'running', iteration: 2 }, begin)
  records.stepRound('one', open(), { endedAt: 3, error: 'it broke' }, { state: 'paused' })
  records.update('one', { state: 'ended' })
  stop()
  records.update('one', { state: 'starting' })
  t.strictSame(told, [
    'changed idle',
    'started starting',
    'iteration running 1 null',
    'prompt running 1 null',
    'changed running 1 null',
    'response waiting 1 null',
    'changed waiting 1 null',
    'iteration running 2 null',
    'error paused 2 it broke',
    'paused paused 2 it broke',
    'ended ended',
  ])
})

t.test('whoever listens to the events hears of the rounds of a loop', async (t) => {
  const loops = await setUpLoops(t, COUNTING)
  await loops.define('tidy', { max_iterations: 1 })
  const stream = await openEvents(`${loops.service().url}/events`)
  t.teardown(stream.close)
  await loops.act('tidy', 'start')
  const told: string[] = []
  let last: unknown
  while (told.at(-1) !== 'ended') {
    const { value } = await stream.events.next()
    if (value?.event !== 'loop') continue
    last = JSON.parse(value.data)
    told.push(String(JSON.parse(value.data).step))
  }
  t.equal(told.filter((step) => step !== 'changed').join(' '), 'started iteration prompt response ended')
  t.match(last, { loop: 'tidy', state: 'ended', cause: 'iterations', iteration: 1, run_id: null })
  const { rounds } = await loops.rounds('tidy')
  t.match(last, { round_id: rounds[0]?.round_id })
  t.match(await loops.look('tidy'), { run_id: null })
})

t.test('as long as a round runs, its loop names the run', async (t) => {
  const loops = await setUpLoops(t, `${COUNTING}; until [ -e go ]; do sleep 0.05; done`)
  await loops.define('tidy', { max_iterations: 1 })
  await loops.act('tidy', 'start')
  for (;;) {
    const { run_id: runId } = await loops.look('tidy')
    if (runId === null) continue
    t.match((await loops.rounds('tidy')).rounds, [{ run_id: runId, ended_at: null }])
    break
  }
  t.match(await loops.act('tidy', 'stop'), { state: 'ended', run_id: null })
})
