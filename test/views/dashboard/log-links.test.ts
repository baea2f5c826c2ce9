import t from 'tap'
import { addressesIn } from '../../../src/views/dashboard/page/log-links.js'

/** What of a text leads somewhere. */
const found = (text: string) => addressesIn(text).map(({ begin, end }) => text.slice(begin, end))

t.test('addresses are found, and what ends the sentence is not among them', async (t) => {
  for (const [text, ...addresses] of [
    ['see https://a.example/b?c=d#e.', 'https://a.example/b?c=d#e'],
    ['(https://a.example/x), "http://b.example"!', 'https://a.example/x', 'http://b.example'],
    ['https://en.wikipedia.org/wiki/A_(b)', 'https://en.wikipedia.org/wiki/A_(b)'],
    ['[link](https://a.example/x_(y))', 'https://a.example/x_(y)'],
    ['<https://a.example/>', 'https://a.example/'],
    ["'https://a.example/';", 'https://a.example/'],
    ['http://localhost:3000/x http://127.0.0.1:80/', 'http://localhost:3000/x', 'http://127.0.0.1:80/'],
    ['HTTPS://A.example/B', 'HTTPS://A.example/B'],
    ['http://[::1]:8080/x', 'http://[::1]:8080/x'],
    ['见 https://a.example/b。', 'https://a.example/b'],
  ])
    t.same(found(String(text)), addresses, String(text))
})

t.test('what does not lead where it seems to is no address', async (t) => {
  for (const text of [
    'javascript:alert(1)',
    'javascript://a.example/%0aalert(1)',
    'data:text/html,x',
    'ftp://a.example',
    'xhttps://a.example',
    'https://',
    'https://.',
    'https://good.example@evil.example/',
    'https://user:pass@evil.example/',
    'https://\u0430pple.com/',
    'https://a\u0440ple.com/',
    'https://good.example\u2044evil.example/',
    'https://good.example\uff0fevil.example/',
    'https://good.example\u202egpj.exe',
    'https://good.example/\u200fevil',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://good.example\\evil.example',
    'https://a.example/ö',
    'http://a.example:99999/',
  ])
    t.same(found(text), [], text)
})

t.test('a long line is read once, and what is longer than an address is none', async (t) => {
  const began = performance.now()
  t.same(found(`${'https://'.repeat(1200)} ${'('.repeat(9000)}`), [])
  t.same(found(`https://a.example/${')'.repeat(900)}${'.'.repeat(900)}`), ['https://a.example/'])
  t.same(found('https://a.example/x '.repeat(1000)).length, 1000)
  t.ok(performance.now() - began < 1000)
})
