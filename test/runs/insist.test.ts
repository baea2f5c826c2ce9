import { pino } from 'pino'
import t from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { insist } from '../../src/runs/insist.ts'

function setUp() {
  const events: { msg: string; error: string }[] = []
  const logger = pino({}, { write: (line: string) => events.push(JSON.parse(line)) })
  const clock: Clock = { ...systemClock, sleep: async (_ms, signal) => signal?.throwIfAborted() }
  return { events, deps: { logger, clock } }
}

t.test('what fails is done again until it succeeds, and told once', async (t) => {
  const { events, deps } = setUp()
  let tries = 0
  const work = async () => {
    if (++tries < 5) throw new Error(`try ${tries}`)
    return 'done'
  }
  t.equal(await insist(work, 'look.fail', deps), 'done')
  t.equal(tries, 5)
  t.match(events, [{ msg: 'look.fail', error: 'try 1' }])
  t.equal(events.length, 1)
})

t.test('it ends with the signal, and tells nothing after that', async (t) => {
  const { events, deps } = setUp()
  const over = new AbortController()
  const fails = () => Promise.reject(new Error('no'))
  const failing = insist(fails, 'look.fail', deps, over.signal)
  over.abort(new Error('over'))
  await t.rejects(failing, { message: 'over' })
  const before = events.length
  await t.rejects(insist(fails, 'look.fail', deps, over.signal), { message: 'over' })
  t.equal(events.length, before)
})
