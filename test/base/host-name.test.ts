import t from 'tap'
import { originOf } from '../../src/base/host-name.ts'

t.test('an origin is taken exactly as browsers send it, with a host that can be named', async (t) => {
  for (const origin of ['http://localhost:8080', 'https://example.org', 'http://[::1]:1'])
    t.equal(originOf(origin), origin)
  for (const none of [
    '',
    'null',
    '*',
    'https://*',
    'https://*.example.org',
    'example.org',
    'ftp://example.org',
    'http://example.org/',
    'http://example.org:80',
    'http://Example.org',
    'http://a@example.org',
  ])
    t.equal(originOf(none), null, none)
})
