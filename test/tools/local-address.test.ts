import t from 'tap'
import { localAddress } from '../../src/tools/local-address.ts'

t.test('a service is found on this machine wherever it listens', async (t) => {
  t.equal(localAddress('http://127.0.0.1:3456'), 'http://127.0.0.1:3456')
  t.equal(localAddress('http://[::1]:3456'), 'http://[::1]:3456')
  t.equal(localAddress('http://192.0.2.7:3456'), 'http://192.0.2.7:3456')
  t.equal(localAddress('http://0.0.0.0:3456'), 'http://127.0.0.1:3456')
  t.equal(localAddress('http://[::]:3456'), 'http://127.0.0.1:3456')
})
