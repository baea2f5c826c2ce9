import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import t, { type Test } from 'tap'
import { openLog } from '../../src/logs/file.ts'
import { createLogIndexes } from '../../src/logs/line-index.ts'
import { type LogSearch, meansCase, searchLog } from '../../src/logs/search.ts'
import { descriptorsAt, startLogApp } from '../helpers/log-app.ts'

const ESC = '\u001b'
const never = () => false

/** Searches a text for a text. */
async function search(test: Test, content: string | Buffer, asked: Partial<LogSearch> & { text: string }) {
  const file = `${test.testdir()}/a.log`
  writeFileSync(file, content)
  const log = await createLogIndexes().of(file, await openLog(file))
  try {
    return await searchLog(log, { isExact: meansCase(asked.text), offset: 0, limit: 100, ...asked }, never)
  } finally {
    await log.file.close()
  }
}

t.test('every match is told with its line, its byte and the words around it', async (t) => {
  const content = 'one\nünd two two\n\nTwo\r\n'
  t.strictSame(await search(t, content, { text: 'two' }), {
    matches: [
      { line: 2, offset: 9, text: 'ünd two two' },
      { line: 2, offset: 13, text: 'ünd two two' },
      { line: 4, offset: 18, text: 'Two\r' },
    ],
    total: 3,
    is_complete: true,
    end: 23,
  })
  t.match(await search(t, content, { text: 'two', limit: 1 }), { matches: { length: 1 }, total: 3 })
  t.match(
    await search(t, content, { text: 'Two' }),
    { matches: [{ line: 4 }], total: 1 },
    'upper case counts',
  )
  t.match(await search(t, content, { text: 'Two', isExact: false }), { total: 3 })
  t.match(await search(t, content, { text: 'two', isExact: true }), { total: 2 })
  t.match(await search(t, content, { text: 'nowhere' }), { matches: [], total: 0, is_complete: true })
  t.match(await search(t, '', { text: 'x' }), { total: 0, is_complete: true, end: 0 })
})

t.test('case is disregarded in any script', async (t) => {
  const content = 'GRÖSSE ΣΊΣΥΦΟΣ жук ЖУК'
  t.equal((await search(t, content, { text: 'größe' })).total, 1, 'where a letter has two upper ones, too')
  t.equal((await search(t, content, { text: 'жук' })).total, 2)
  t.equal((await search(t, content, { text: 'Жук' })).total, 0)
})

t.test('a text is looked for as it is, never as a pattern', async (t) => {
  const content = 'a.c abc a+c [abc] $& \\d (a|b) ^a\n'
  for (const [text, total] of [
    ['a.c', 1],
    ['a+c', 1],
    ['[abc]', 1],
    ['.*', 0],
    ['\\d', 1],
    ['(a|b)', 1],
    ['^a', 1],
    ['$&', 1],
  ] as const)
    t.equal((await search(t, content, { text })).total, total, text)
})

t.test('colours, moves and titles within a match do not hide it, and are no match', async (t) => {
  const content = `${ESC}[1m${ESC}[31mer${ESC}[0mr${ESC}]0;a title\u0007or${ESC}(B 31\nx ${ESC}]8;;https://a.test${ESC}\\li${ESC}[Knk${ESC}]8;;\u0007`
  const { matches } = await search(t, content, { text: 'error 31' })
  t.strictSame(matches, [{ line: 1, offset: content.indexOf('er'), text: 'error 31' }])
  t.match(await search(t, content, { text: 'x link' }), { matches: [{ line: 2, text: 'x link' }] })
  for (const text of ['31m', 'a title', 'a.test', '[K'])
    t.equal((await search(t, content, { text })).total, 0, text)
  t.match(await search(t, `found${ESC}[0m`, { text: 'found' }), { matches: [{ offset: 0, text: 'found' }] })
  // A sequence ends with its line at the latest.
  t.equal((await search(t, `${ESC}]0;never closed\nfound`, { text: 'found' })).total, 1)
  t.equal((await search(t, `${ESC}[31${ESC}[`.repeat(50_000), { text: '31' })).total, 50_000)
})

t.test('bytes that are no text are passed over, and a character is never cut', async (t) => {
  const content = Buffer.concat([
    Buffer.from([0xff, 0xc3]),
    Buffer.from('needle'),
    Buffer.from([0xe2, 0x82, 10]),
  ])
  t.match(await search(t, content, { text: 'needle' }), { matches: [{ line: 1, offset: 2 }], total: 1 })
  const words = `${'ü'.repeat(5000)}needle${'🦊'.repeat(5000)}`
  for (const shift of ['', 'x', 'xx', 'xxx']) {
    const { matches } = await search(t, shift + words + shift, { text: 'needle' })
    t.match(matches[0]?.text, /^ü+needle(🦊)+$/u)
    t.ok(Number(matches[0]?.text.length) < 400)
  }
})

t.test('a match is found wherever it lies, also in a line longer than any memory', async (t) => {
  const bytes = Buffer.alloc(400_000, 'x')
  const places = [0, 65_530, 131_072 - 3, 200_001, 399_994]
  for (const place of places) bytes.write('needle', place)
  const { matches, total } = await search(t, bytes, { text: 'needle' })
  t.same(
    matches.map(({ offset }) => offset),
    places,
  )
  t.equal(total, places.length)
  t.ok(matches.every(({ line, text }) => line === 1 && text.length < 400))
  const colourful = Buffer.concat([
    Buffer.alloc(65_536 - 8192 - 2, 'x'),
    Buffer.from(`ne${ESC}[31medle`),
    bytes,
  ])
  t.equal((await search(t, colourful, { text: 'needle' })).total, places.length + 1)
})

t.test('lines are counted over many pieces', async (t) => {
  const content = Array.from({ length: 50_000 }, (_, index) => `this is line ${index + 1} of many\n`).join('')
  const { matches, total } = await search(t, content, { text: '9999 of', limit: 1000 })
  t.equal(total, 5)
  t.same(
    matches.map(({ line }) => line),
    [9999, 19_999, 29_999, 39_999, 49_999],
  )
  for (const { line, offset } of matches)
    t.equal(content.slice(offset - 1 - `${line}`.length + 5).split(' ')[0], String(line))
  const [, second] = matches
  const rest = await search(t, content, { text: '9999 of', offset: Number(second?.offset) + 1 })
  t.same(rest.matches, matches.slice(2), 'and from any byte on')
  t.match(await search(t, content, { text: 'line', offset: 99_999_999 }), { total: 0, is_complete: true })
})

t.test('a growing log is searched on from its last whole line', async (t) => {
  const file = `${t.testdir()}/a.log`
  writeFileSync(file, 'needle\nnee')
  const indexes = createLogIndexes()
  const asked = { text: 'needle', isExact: true, limit: 10 }
  const first = await indexes.of(file, await openLog(file))
  const { end, total } = await searchLog(first, { ...asked, offset: 0 }, never)
  await first.file.close()
  t.strictSame([end, total], [7, 1])
  appendFileSync(file, 'dle\n')
  const second = await indexes.of(file, await openLog(file))
  t.match(await searchLog(second, { ...asked, offset: end }, never), {
    matches: [{ line: 2, offset: 7 }],
    end: 14,
  })
  truncateSync(file, 3)
  t.match(await searchLog(second, { ...asked, offset: 0 }, never), { total: 0, is_complete: true }, 'cut off')
  await second.file.close()
})

t.test('a search that is over tells what it found, and where to go on', async (t) => {
  const file = `${t.testdir()}/a.log`
  writeFileSync(file, `${'needle\n'.repeat(100_000)}`)
  const log = await createLogIndexes().of(file, await openLog(file))
  t.teardown(() => log.file.close())
  const asked = { text: 'needle', isExact: true, limit: 10 }
  let total = 0
  let offset = 0
  for (let rounds = 0; ; rounds++) {
    const found = await searchLog(log, { ...asked, offset }, () => true)
    total += found.total
    if (rounds > 0)
      t.same(found, { matches: [], total: 0, is_complete: false, end: offset }, 'lines are not counted')
    else t.match(found, { matches: { length: 10 }, is_complete: false })
    offset = found.end
    if (rounds === 2) break
  }
  await log.count(never)
  for (let complete = false; !complete; ) {
    const found = await searchLog(log, { ...asked, offset }, () => true)
    complete = found.is_complete
    total += found.total
    offset = found.end
  }
  t.equal(total, 100_000)
})

t.test(
  'over HTTP: bounded time and memory for a gigabyte of one line, and others are answered meanwhile',
  async (t) => {
    const { begin, url } = await startLogApp(t)
    const { runId, file } = begin('one', 'a needle\n')
    const handle = await open(file, 'r+')
    // Holes: a gigabyte that is nowhere on the disk.
    await handle.truncate(1_000_000_000)
    await handle.close()
    const before = process.memoryUsage().rss
    let longest = 0
    let last = performance.now()
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    const began = performance.now()
    const answer = await (await fetch(`${url}/runs/${runId}/log/search?q=needle`)).json()
    const took = performance.now() - began
    clearInterval(ticking)
    t.match(answer, { matches: [{ line: 1, offset: 2, text: 'a needle' }], total: 1 })
    t.ok(took < 10_000, `${took} ms`)
    t.ok(longest < 1000, `the event loop was held up for ${longest} ms`)
    t.ok(process.memoryUsage().rss - before < 200_000_000)
    t.equal(descriptorsAt(file), 0)
  },
)

t.test('over HTTP: what cannot be searched for is refused', async (t) => {
  const { begin, app } = await startLogApp(t)
  begin('one', 'x')
  begin('waiting', null)
  const ask = async (query: string, run = 'one') =>
    (await app.inject(`/runs/${run}/log/search?${query}`)).json()
  const sentence = "'q' must be a text of 1 to 500 characters, in one line"
  for (const query of ['', 'q=', `q=${'x'.repeat(10_000)}`, 'q=a%0Ab'])
    t.match(await ask(query), { code: 'LOOPER_FIELD_INVALID', error: sentence })
  t.match(await ask('q=x&limit=0'), { error: "'limit' must be a whole number from 1 to 1000" })
  t.match(await ask('q=x&limit=x'), { error: "'limit' must be a whole number from 1 to 1000" })
  t.match(await ask('q=x&offset=-1'), { error: "'offset' must be a whole number" })
  t.match(await ask('q=x&case_sensitive=yes'), { error: "'case_sensitive' must be 0 or 1" })
  t.match(await ask('q=X&case_sensitive=0'), { total: 1 })
  t.match(await ask('q=X'), { total: 0 })
  t.match(await ask('q=x', 'nobody'), { code: 'LOOPER_RUN_NOT_FOUND' })
  t.match(await ask('q=x', 'waiting'), { code: 'LOOPER_LOG_NOT_FOUND' })
})
