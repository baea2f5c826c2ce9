import t from 'tap'
import { tellFailures } from '../../src/notices/failures.ts'

t.test('a notice that fails is told, and still fails; one that works, or is given up, is not', async (t) => {
  let told = 0
  const tell = () => {
    told++
  }
  const { signal } = new AbortController()
  const works = tellFailures(
    async (message: string, _signal: AbortSignal) => ({ output: `sent ${message}` }),
    tell,
  )
  t.same(await works('a', signal), { output: 'sent a' })
  t.equal(told, 0)
  const broken = tellFailures(async (_message: string, _signal: AbortSignal) => {
    throw new Error('no route')
  }, tell)
  await t.rejects(broken('a', signal), { message: 'no route' })
  t.equal(told, 1)
  await t.rejects(broken('a', AbortSignal.abort()), { message: 'no route' })
  t.equal(told, 1)
})
