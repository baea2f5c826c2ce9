import t from 'tap'
import { proxyFor } from '../../src/base/proxies.ts'

const PROXY = 'http://proxy.example:3128'

/** Whether a request for this address goes through the proxy, with this `NO_PROXY`. */
function isProxied(address: string, exempt = '', more: NodeJS.ProcessEnv = {}): boolean {
  const env = { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, NO_PROXY: exempt, ...more }
  return proxyFor(new URL(address), env) !== null
}

t.test('the kind of the address says which variable counts, and lower case goes first', async (t) => {
  const env = { HTTP_PROXY: 'http://plain.example', HTTPS_PROXY: 'https://secure.example:8443' }
  t.equal(proxyFor(new URL('http://a.example'), env)?.name, 'the proxy http://plain.example (HTTP_PROXY)')
  t.equal(
    proxyFor(new URL('https://a.example'), env)?.name,
    'the proxy https://secure.example:8443 (HTTPS_PROXY)',
  )
  const lower = { ...env, http_proxy: 'lower.example:8080', https_proxy: ' ' }
  t.equal(proxyFor(new URL('http://a.example'), lower)?.url.href, 'http://lower.example:8080/')
  t.equal(proxyFor(new URL('https://a.example'), { HTTP_PROXY: PROXY }), null)
  t.equal(proxyFor(new URL('https://a.example'), { HTTPS_PROXY: '', https_proxy: '' }), null)
})

t.test('this machine is asked directly, however it is written', async (t) => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    'localhost.',
    'looper.localhost',
    '127.0.0.1',
    '127.1',
    '127.8.9.10',
    '0x7f.1',
    '2130706433',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
  ]) {
    t.notOk(isProxied(`http://${host}:3456/run`), host)
    t.notOk(isProxied(`https://${host}/`), host)
  }
  for (const host of ['localhost.example', 'notlocalhost', '128.0.0.1', '[::2]', '[::ffff:128.0.0.1]']) {
    t.ok(isProxied(`http://${host}/`), host)
  }
})

t.test('what NO_PROXY names is asked directly', async (t) => {
  const direct: readonly (readonly [string, string])[] = [
    ['*', 'http://a.example'],
    ['other.example, *', 'http://a.example'],
    ['a.example', 'http://a.example'],
    ['A.Example', 'http://a.EXAMPLE'],
    ['a.example.', 'http://a.example'],
    ['a.example', 'http://a.example.'],
    ['example', 'http://a.example'],
    ['.a.example', 'http://a.example'],
    ['.a.example', 'http://deep.in.a.example'],
    ['*.a.example', 'https://deep.in.a.example'],
    ['x.example\ty.example  a.example', 'http://a.example'],
    ['a.example:80', 'http://a.example'],
    ['a.example:443', 'https://a.example'],
    ['a.example:8443', 'https://a.example:8443'],
    ['203.0.113.7', 'http://203.0.113.7'],
    ['203.0.113.0/24', 'http://203.0.113.7:8080'],
    ['203.0.113.7:8080', 'http://203.0.113.7:8080'],
    ['2001:db8::7', 'http://[2001:db8::7]'],
    ['[2001:db8::7]', 'http://[2001:db8:0::7]'],
    ['[2001:db8::7]:8080', 'http://[2001:db8::7]:8080'],
    ['2001:db8::/32', 'http://[2001:db8:1::7]'],
    ['203.0.113.0/24', 'http://[::ffff:203.0.113.7]'],
  ]
  for (const [exempt, address] of direct) {
    t.notOk(isProxied(address, exempt), `${exempt}: ${address}`)
    t.notOk(isProxied(address, 'none.example', { no_proxy: exempt }), `no_proxy=${exempt}: ${address}`)
  }
})

t.test('what NO_PROXY does not name goes through the proxy', async (t) => {
  const proxied: readonly (readonly [string, string])[] = [
    ['', 'http://a.example'],
    [',, ,', 'http://a.example'],
    ['.', 'http://a.example'],
    ['*.', 'http://a.example'],
    ['a.example', 'http://ba.example'],
    ['b.a.example', 'http://a.example'],
    ['a.example:8080', 'http://a.example'],
    ['a.example:80', 'https://a.example'],
    ['203.0.113.7', 'http://203.0.113.70'],
    ['3.0.113.7', 'http://203.0.113.7'],
    ['203.0.113.0/28', 'http://203.0.113.77'],
    ['203.0.113.0/99', 'http://203.0.113.7'],
    ['203.0.113.0/x', 'http://203.0.113.7'],
    ['203.0.113.7', 'http://a.example'],
    ['2001:db8::/32', 'http://[2001:db9::7]'],
    ['[2001:db8::7]:8080', 'http://[2001:db8::7]'],
  ]
  for (const [exempt, address] of proxied) t.ok(isProxied(address, exempt), `${exempt}: ${address}`)
})

t.test('user name and password go into a header, and nowhere else', async (t) => {
  const headersOf = (login: string) => {
    const proxy = proxyFor(new URL('http://a.example'), { HTTP_PROXY: `http://${login}@proxy.example:3128` })
    t.equal(proxy?.url.href, `${PROXY}/`)
    t.equal(proxy?.name, `the proxy ${PROXY} (HTTP_PROXY)`)
    const [, code = ''] = /^Basic (\S+)$/.exec(proxy?.headers['proxy-authorization'] ?? '') ?? []
    return Buffer.from(code, 'base64').toString('utf8')
  }
  t.equal(headersOf('ada:sesame'), 'ada:sesame')
  t.equal(headersOf('ada:p%40ss%3Aw%C3%B6rd'), 'ada:p@ss:wörd')
  t.equal(headersOf('ada:100%sure'), 'ada:100%sure')
  t.equal(headersOf('ada'), 'ada:')
  t.strictSame(proxyFor(new URL('http://a.example'), { HTTP_PROXY: PROXY })?.headers, {})
})

t.test('a proxy that cannot be one is told without what may be a password', async (t) => {
  const told = (given: string) => {
    try {
      return proxyFor(new URL('https://a.example'), { HTTPS_PROXY: given })?.name
    } catch (error) {
      return error instanceof Error ? error.message : error
    }
  }
  const hint = 'give an address such as http://proxy.example.com:3128'
  t.equal(told('http://ada:sesame@'), `HTTPS_PROXY is not the address of a proxy; ${hint}`)
  t.equal(told('a b'), `HTTPS_PROXY is not the address of a proxy; ${hint}`)
  t.equal(
    told('socks5://ada:sesame@proxy.example'),
    `HTTPS_PROXY names a proxy that speaks socks5, not HTTP; ${hint}`,
  )
})
