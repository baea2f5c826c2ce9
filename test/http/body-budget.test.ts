import { PassThrough } from 'node:stream'
import t from 'tap'
import { createBodyBudget, readBody } from '../../src/http/body-budget.ts'

const KIB = 1024

t.test('a body is read as it came, however it is cut', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 100 * KIB }, (_, i) => i % 251))
  for (const size of [1, 7, 16_384, bytes.length]) {
    const body = new PassThrough()
    const read = readBody(body, 0, bytes.length, createBodyBudget(bytes.length).open())
    for (let at = 0; at < bytes.length; at += size) body.write(bytes.subarray(at, at + size))
    body.end()
    t.ok((await read).equals(bytes), `in pieces of ${size}`)
  }
  const none = new PassThrough()
  none.end()
  t.equal((await readBody(none, 0, 1, createBodyBudget(0).open())).length, 0, 'none takes nothing')
})

t.test('one that is too large is refused at once, and read on', async (t) => {
  const budget = createBodyBudget(100 * KIB)
  const declared = new PassThrough()
  await t.rejects(readBody(declared, 31, 30, budget.open()), { code: 'LOOPER_BODY_TOO_LARGE' })
  const body = new PassThrough()
  const refused = t.rejects(readBody(body, 0, 30, budget.open()), { code: 'LOOPER_BODY_TOO_LARGE' })
  body.write('x'.repeat(30))
  body.write('x')
  await refused
  for (const stream of [declared, body]) {
    stream.end('x'.repeat(100 * KIB))
    await new Promise((resolve) => stream.once('end', resolve))
  }
  t.equal(budget.open().take(100 * KIB), true, 'nothing is held')
})

t.test('all together take no more than there is', async (t) => {
  const budget = createBodyBudget(64 * KIB)
  const [first, second, third] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const share = budget.open()
  const one = readBody(first, 0, 64 * KIB, share)
  first.write(Buffer.alloc(40 * KIB))
  await new Promise((resolve) => setImmediate(resolve))
  const refused = t.rejects(readBody(second, 0, 64 * KIB, budget.open()), { code: 'LOOPER_OVERLOADED' })
  second.write(Buffer.alloc(40 * KIB))
  await refused
  const small = readBody(third, 0, 64 * KIB, budget.open())
  third.end('small')
  t.equal((await small).toString(), 'small', 'what was refused holds nothing')
  first.end('x')
  await t.rejects(one, { code: 'LOOPER_OVERLOADED' }, 'what grows beyond it is refused, too')
})

t.test('a share is given back once', async (t) => {
  const budget = createBodyBudget(10)
  const share = budget.open()
  t.equal(share.take(10), true)
  t.equal(budget.open().take(1), false)
  share.free()
  share.free()
  t.equal(budget.open().take(10), true)
  t.equal(budget.open().take(1), false)
})

t.test('a sender that goes away is told of as such', async (t) => {
  const body = new PassThrough()
  const read = readBody(body, 0, 10, createBodyBudget(10).open())
  body.destroy(new Error('aborted'))
  await t.rejects(read, { code: 'LOOPER_BODY_INVALID', message: 'the body ended too early' })
})
