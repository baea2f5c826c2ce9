import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ERRORS, errnoOf, LooperError, messageOf } from '../../src/base/errors.ts'

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

t.test('every code has an error status and a remedy that is one sentence', async (t) => {
  for (const [code, { status, remedy }] of Object.entries(ERRORS)) {
    t.match(code, /^LOOPER_[A-Z_]+$/)
    t.ok(status >= 400 && status < 600, `${code} has status ${status}`)
    t.match(remedy, /^[A-Z][^\n|]+\.$/, `${code} says what to do`)
  }
})

t.test(
  'docs/errors.md lists exactly these codes, with their statuses and remedies word for word',
  async (t) => {
    const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/errors.md'), 'utf8')
    const rows = text
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.slice(2, -2).split(' | '))
    t.same(
      rows.map(([code, status, , remedy]) => [code, status, remedy]),
      Object.entries(ERRORS).map(([code, { status, remedy }]) => [`\`${code}\``, `${status}`, remedy]),
    )
    for (const [code, , when] of rows) t.match(when, /^[A-Z].+\.$/, `${code} says when`)
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
