import t from 'tap'
import { reach } from '../../src/processes/reach.ts'

t.test('a process is open, closed to this user, or gone', (t) => {
  const failing = (code: string) => () => {
    throw Object.assign(new Error(code), { code })
  }
  t.equal(reach(process.pid), 'open')
  t.equal(reach(4_194_304), 'gone')
  t.equal(reach(1, failing('EPERM')), 'closed')
  t.equal(reach(1, failing('ESRCH')), 'gone')
  t.end()
})
