import t from 'tap'
import { findService, localUrl } from '../../src/cli/service-address.ts'

t.test('the address: --url, LOOPER_URL, the settings; the environment before .env', async (t) => {
  const cases: [string | undefined, NodeJS.ProcessEnv, NodeJS.ProcessEnv, string][] = [
    [undefined, {}, {}, 'http://127.0.0.1:3456'],
    [undefined, {}, { LOOPER_PORT: '4000' }, 'http://127.0.0.1:4000'],
    [undefined, { LOOPER_PORT: '5000' }, { LOOPER_PORT: '4000' }, 'http://127.0.0.1:5000'],
    [undefined, { LOOPER_HOST: '0.0.0.0' }, {}, 'http://127.0.0.1:3456'],
    [undefined, { LOOPER_HOST: '::1' }, {}, 'http://[::1]:3456'],
    [undefined, { LOOPER_HOST: '[::1]' }, {}, 'http://[::1]:3456'],
    [undefined, { LOOPER_HOST: '[::]' }, {}, 'http://127.0.0.1:3456'],
    [undefined, {}, { LOOPER_URL: 'http://b:1/run' }, 'http://b:1'],
    [undefined, { LOOPER_URL: 'https://a/looper/run' }, { LOOPER_URL: 'http://b' }, 'https://a/looper'],
    [undefined, { LOOPER_URL: '' }, {}, 'http://127.0.0.1:3456'],
    ['http://c:9/', { LOOPER_URL: 'http://a' }, {}, 'http://c:9'],
  ]
  for (const [flag, env, dotEnv, url] of cases) t.equal(findService(flag, env, dotEnv).url, url)
  t.equal(localUrl('::', 1), 'http://127.0.0.1:1')
})

t.test('the token of .env goes to the service of .env only', async (t) => {
  const dotEnv = { LOOPER_API_TOKEN: 'kept', LOOPER_PORT: '4000' }
  const token = (flag: string | undefined, env = {}, given: NodeJS.ProcessEnv = dotEnv) =>
    findService(flag, env, given).token
  t.equal(token(undefined), 'kept')
  t.equal(token('http://localhost:4000'), 'kept')
  t.equal(token('http://[::1]:4000/run'), 'kept')
  t.equal(token('http://elsewhere:4000'), null)
  t.equal(token(undefined, { LOOPER_URL: 'http://elsewhere' }), null)
  t.equal(token('http://elsewhere', { LOOPER_API_TOKEN: 'own' }), 'own')
  t.equal(token('http://b', {}, { LOOPER_URL: 'http://b/run', LOOPER_API_TOKEN: 'kept' }), 'kept')
  t.equal(token('http://127.0.0.1:3456', {}, { LOOPER_URL: 'http://b/run', LOOPER_API_TOKEN: 'kept' }), null)
  t.equal(token(undefined, {}, {}), null)
})

t.test('an address or a token that cannot be one is refused, and not shown', async (t) => {
  for (const url of ['nonsense', 'ftp://a', 'http://me:secret@a', 'http://a?token=secret', 'http://a:0']) {
    try {
      findService(url, {}, {})
      t.fail(url)
    } catch (error) {
      t.match(error, { exit: 2 })
      t.notMatch(String(error), 'secret')
    }
  }
  t.throws(() => findService(undefined, { LOOPER_API_TOKEN: 'sec\nret' }, {}), {
    exit: 2,
    message: 'LOOPER_API_TOKEN must be printable ASCII',
  })
})
