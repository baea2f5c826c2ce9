import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { createTurns } from '../../src/base/turns.ts'

t.test('work is done one after the other, and what fails holds up nothing', async (t) => {
  const inTurn = createTurns()
  const done: string[] = []
  let go = () => {}
  const first = inTurn(async () => {
    await new Promise<void>((resolve) => {
      go = resolve
    })
    done.push('first')
    throw new Error('no')
  })
  const second = inTurn(async () => done.push('second'))
  await setImmediate()
  go()
  await t.rejects(first, /no/)
  t.equal(await second, 2)
  t.same(done, ['first', 'second'])
})
