import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { openLog } from '../../src/logs/file.ts'
import { createLogIndexes } from '../../src/logs/line-index.ts'
import { linesOf } from '../../src/logs/lines.ts'
import { descriptorsAt, startLogApp } from '../helpers/log-app.ts'

const never = () => false
/** Lines of every length, over several blocks. */
const LINES = Array.from({ length: 20_000 }, (_, index) => `${index + 1} ${'ü'.repeat(index % 40)}`)
const CONTENT = `${LINES.join('\n')}\n`

t.test('any line is found by its number, and any byte by its line', async (t) => {
  const file = `${t.testdir()}/a.log`
  writeFileSync(file, CONTENT)
  const log = await createLogIndexes().of(file, await openLog(file))
  t.teardown(() => log.file.close())
  t.equal(await log.offsetOf(19_999), null, 'not counted yet')
  t.equal(await log.lineAt(500_000), null)
  t.ok(await log.count(never))
  const bytes = Buffer.from(CONTENT)
  let offset = 0
  for (const [index, line] of LINES.entries()) {
    const length = Buffer.byteLength(line) + 1
    if (index % 97 === 0 || index > 19_990) {
      t.equal(await log.offsetOf(index + 1), offset)
      t.equal(await log.lineAt(offset), index + 1)
      t.equal(await log.lineAt(offset + length - 1), index + 1)
      t.equal(bytes.toString('utf8', offset, offset + length), `${line}\n`)
    }
    offset += length
  }
  t.equal(await log.offsetOf(20_001), null)
  t.equal(await log.offsetOf(99_999), null)
})

t.test('over HTTP: lines by number or by byte, with colours, and where they begin', async (t) => {
  const { begin, app } = await startLogApp(t)
  const { file } = begin('one', 'a\n\u001b[31mb\n\nlast')
  const ask = async (query: string) => (await app.inject(`/runs/one/log/lines?${query}`)).json()
  t.strictSame(await ask(''), {
    from: 1,
    offset: 0,
    lines: [
      { line: 1, offset: 0, text: 'a' },
      { line: 2, offset: 2, text: '\u001b[31mb' },
      { line: 3, offset: 9, text: '' },
      { line: 4, offset: 10, text: 'last' },
    ],
    total: 4,
    is_complete: true,
  })
  t.match(await ask('from=2&count=1'), { from: 2, offset: 2, lines: { length: 1 } })
  t.match(await ask('offset=8&count=0'), { from: 2, offset: 2, lines: [] })
  t.match(await ask('offset=10&count=0'), { from: 4, offset: 10 })
  t.match(await ask('offset=999'), { from: 4, offset: 10, lines: [{ text: 'last' }] })
  t.strictSame(await ask('from=5'), { from: 5, offset: null, lines: [], total: 4, is_complete: true })
  t.match(await ask('from=0'), { error: "'from' must be a whole number, 1 or more" })
  t.match(await ask('count=2001'), { error: "'count' must be a whole number from 0 to 2000" })
  t.match(await ask('from=1&offset=1'), { error: "'from' and 'offset' cannot both be given" })
  begin('two', '')
  t.strictSame((await app.inject('/runs/two/log/lines?offset=3')).json(), {
    from: 1,
    offset: null,
    lines: [],
    total: 0,
    is_complete: true,
  })
  rmSync(file)
  t.match(await ask(''), { code: 'LOOPER_LOG_NOT_FOUND' })
  t.equal(descriptorsAt(file), 0)
})

t.test('an answer is bounded, whatever the lines are', async (t) => {
  const { begin, app } = await startLogApp(t)
  begin(
    'one',
    `${'x'.repeat(3_000_000)}\nshort\n${`${'y'.repeat(2000)}\n`.repeat(2000)}${'z'.repeat(2_000_000)}`,
  )
  const ask = async (query: string) => (await app.inject(`/runs/one/log/lines?${query}`)).json()
  const [long, ...none] = (await ask('from=1&count=5')).lines
  t.equal(long.text.length, 16_384)
  t.same(none, [])
  t.match(await ask('from=2&count=1'), { offset: 3_000_001, lines: [{ text: 'short' }] })
  const { lines } = await ask('from=2&count=2000')
  t.equal(lines.length, 525, 'a mebibyte')
  t.equal(lines.at(-1).text.length, 2000, 'of whole lines')
  t.match(await ask('from=2003&count=9'), { total: 2003, lines: [{ text: /^z{16384}$/ }] })
})

t.test('what was counted stays while the log grows, and goes where it was cut off or replaced', async (t) => {
  const file = `${t.testdir()}/a.log`
  writeFileSync(file, CONTENT)
  const indexes = createLogIndexes()
  const total = async () => {
    const log = await indexes.of(file, await openLog(file))
    const { total } = await linesOf(log, { from: 1, count: 0 }, never)
    await log.file.close()
    return total
  }
  t.equal(await total(), 20_000)
  appendFileSync(file, 'more\n')
  t.equal(await total(), 20_001)
  truncateSync(file, 10)
  t.equal(await total(), 3)
  appendFileSync(file, 'z\n'.repeat(100_000))
  t.equal(await total(), 100_002)
  writeFileSync(file, 'q\n'.repeat(150_000))
  t.equal(await total(), 150_000, 'it was cut off and grew again in between')
  writeFileSync(`${file}.new`, 'q\n'.repeat(160_000))
  renameSync(`${file}.new`, file)
  t.equal(await total(), 160_000)
})

t.test('only so many logs are remembered, and those that ask at once count once', async (t) => {
  const dir = t.testdir()
  const indexes = createLogIndexes()
  for (let number = 0; number < 40; number++) {
    writeFileSync(`${dir}/${number}`, CONTENT)
    const log = await indexes.of(`${dir}/${number}`, await openLog(`${dir}/${number}`))
    t.ok(await log.count(never))
    await log.file.close()
  }
  const known = await indexes.of(`${dir}/39`, await openLog(`${dir}/39`))
  t.type(await known.lineAt(400_000), 'number')
  const forgotten = await indexes.of(`${dir}/0`, await openLog(`${dir}/0`))
  t.equal(await forgotten.lineAt(400_000), null)
  t.same(await Promise.all([forgotten.count(never), forgotten.count(never)]), [true, true])
  t.type(await forgotten.lineAt(400_000), 'number')
  await known.file.close()
  await forgotten.file.close()
})

t.test('counting that is over goes on with the next request', async (t) => {
  const file = `${t.testdir()}/a.log`
  writeFileSync(file, CONTENT)
  const log = await createLogIndexes().of(file, await openLog(file))
  t.teardown(() => log.file.close())
  const asked = { from: 15_000, count: 1 }
  t.strictSame(await linesOf(log, asked, () => true), {
    from: 15_000,
    offset: null,
    lines: [],
    total: null,
    is_complete: false,
  })
  t.strictSame(await linesOf(log, { byte: 500_000, count: 1 }, () => true), {
    from: 1,
    offset: null,
    lines: [],
    total: null,
    is_complete: false,
  })
  let steps = 0
  while (!(await log.count(() => steps++ % 2 === 1))) t.ok(steps < 20)
  t.match(await linesOf(log, asked, () => true), { lines: [{ line: 15_000 }], is_complete: true })
})

t.test('a log that becomes shorter while it is counted is not waited for', async (t) => {
  const file = `${t.testdir()}/a.log`
  writeFileSync(file, CONTENT)
  const log = await createLogIndexes().of(file, await openLog(file))
  t.teardown(() => log.file.close())
  truncateSync(file, 100)
  t.notOk(await log.count(never))
  t.match(await linesOf(log, { from: 1, count: 2 }, never), { total: null, is_complete: false })
})
