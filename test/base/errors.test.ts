import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { allErrors } from '../../scripts/reference/errors.ts'
import { errnoOf, LooperError, messageOf } from '../../src/base/errors.ts'

t.test('a failure carries its code, the status of that code, its sentence and its cause', async (t) => {
  const cause = new Error('below')
  const error = new LooperError('LOOPER_BUSY', 'busy: another run is in progress', { cause })
  t.match(error, {
    name: 'LooperError',
    code: 'LOOPER_BUSY',
    status: 409,
    message: 'busy: another run is in progress',
    cause,
  })
  t.equal('cause' in new LooperError('LOOPER_BUSY', 'busy'), false, 'no cause where none was given')
})

t.test(
  'every code is there once, with an error status, when it comes and what to do in a sentence',
  async (t) => {
    const codes = allErrors().map(({ code }) => code)
    t.equal(new Set(codes).size, codes.length)
    for (const { code, status, when, remedy } of allErrors()) {
      t.match(code, /^LOOPER_[A-Z_]+$/)
      t.ok(status >= 400 && status < 600, `${code} has status ${status}`)
      t.match(remedy, /^[A-Z][^\n|]+\.$/, `${code} says what to do`)
      t.match(when, /^[A-Z][^\n|]+\.$/, `${code} says when it comes`)
    }
  },
)

t.test('messageOf gives the sentence of anything that was thrown', async (t) => {
  t.equal(messageOf(new Error('as told')), 'as told')
  t.equal(messageOf('a text'), 'a text')
  t.equal(messageOf(undefined), 'undefined')
  t.equal(messageOf(null), 'null')
})

t.test('errnoOf gives the code of a system error only', async (t) => {
  const missing = (() => {
    try {
      return readFileSync(path.join(t.testdir(), 'absent'))
    } catch (error) {
      return error
    }
  })()
  t.equal(errnoOf(missing), 'ENOENT')
  t.equal(errnoOf(new Error('no code')), undefined)
  t.equal(errnoOf(Object.assign(new Error('a number'), { code: 7 })), undefined)
  t.equal(errnoOf({ code: 'ENOENT' }), undefined)
  t.equal(errnoOf('ENOENT'), undefined)
})
