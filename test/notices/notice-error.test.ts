import t from 'tap'
import { failureOf, NoticeError } from '../../src/notices/notice-error.ts'

t.test('what is known of a failure is found behind the sentence that tells it', async (t) => {
  const refused = new NoticeError('full', { isRefused: true, isFinal: false, retryAfterMs: 7 })
  t.match(failureOf(new Error('x', { cause: new Error('y', { cause: refused }) })), refused)
  const unreached = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  t.strictSame(failureOf(new Error('cannot reach', { cause: unreached })), {
    isRefused: true,
    isFinal: false,
    retryAfterMs: null,
  })
  const unknown = { isRefused: false, isFinal: false, retryAfterMs: null }
  t.strictSame(failureOf(Object.assign(new Error('reset'), { code: 'ECONNRESET' })), unknown)
  t.strictSame(failureOf('no error'), unknown)
})
