import { appendFileSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Clock, MAX_TIMER_MS, systemClock } from '../../src/base/clock.ts'
import { mirrorLog } from '../../src/logging/mirror.ts'
import { byteRedactor } from '../../src/logging/redact.ts'
import { until } from '../helpers/service.ts'
import { exhaustDescriptors } from '../helpers/shortage.ts'

/** Looks again at once, and counts how often it looked in vain. */
function eagerClock() {
  let looks = 0
  const clock: Clock = {
    now: systemClock.now,
    monotonic: systemClock.monotonic,
    sleep: (_ms, signal) => {
      looks++
      return systemClock.sleep(1, signal)
    },
  }
  return { clock, looks: () => looks }
}

/** A log, and a mirror that follows it; these secrets are not torn. */
function follow(test: Test, text: string | Buffer, from = 0, clock?: Clock, secrets: readonly string[] = []) {
  const file = path.join(test.testdir(), 'run.log')
  writeFileSync(file, text)
  const eager = eagerClock()
  const complete = new AbortController()
  const chunks: string[] = []
  const offsets: number[] = []
  const done = mirrorLog({
    path: file,
    from,
    mirrored: (offset) => offsets.push(offset),
    write: (lines) => chunks.push(String(lines)) > 0,
    ...(secrets.length > 0 && { placeToCut: byteRedactor(() => secrets).placeToCut }),
    clock: clock ?? eager.clock,
    complete: complete.signal,
  })
  return {
    file,
    chunks,
    offsets,
    done,
    text: () => chunks.join(''),
    append: (more: string | Buffer) => appendFileSync(file, more),
    /** Resolves when the mirror has seen all there is at this moment. */
    async idle() {
      const before = eager.looks()
      await until('the mirror has looked twice in vain', () => eager.looks() > before + 1)
    },
    complete: () => complete.abort(),
  }
}

t.test('what outlives its run and writes on is not followed for ever', async (t) => {
  const file = path.join(t.testdir({ 'run.log': 'one\n' }), 'run.log')
  const chunks: string[] = []
  const write = (lines: Buffer) => {
    if (chunks.length > 99) throw new Error('it goes on and on')
    appendFileSync(file, 'more\n')
    return chunks.push(String(lines)) > 0
  }
  const complete = AbortSignal.abort()
  t.equal(await mirrorLog({ path: file, from: 0, write, clock: systemClock, complete }), 4)
  t.strictSame(chunks, ['one\n'])
})

t.test('a log that is already complete is mirrored to its end', async (t) => {
  const log = follow(t, 'one\ntwo\n')
  log.complete()
  t.equal(await log.done, 8)
  t.equal(log.text(), 'one\ntwo\n')
})

t.test('an empty log gives nothing', async (t) => {
  const log = follow(t, '')
  log.complete()
  t.equal(await log.done, 0)
  t.strictSame(log.chunks, [])
})

t.test('a growing log is followed, and only whole lines are handed on', async (t) => {
  const log = follow(t, 'one\ntw')
  await log.idle()
  t.equal(log.text(), 'one\n')
  log.append('o\nthree\nfo')
  await log.idle()
  t.equal(log.text(), 'one\ntwo\nthree\n')
  log.append('ur')
  await log.idle()
  t.equal(log.text(), 'one\ntwo\nthree\n')
  log.append('\n')
  await log.idle()
  t.equal(log.text(), 'one\ntwo\nthree\nfour\n')
  log.complete()
  t.equal(await log.done, statSync(log.file).size)
  for (const chunk of log.chunks) t.match(chunk, /\n$/)
})

t.test('a last line without an end is handed on with one, once the log is complete', async (t) => {
  const log = follow(t, 'one\nlast')
  await log.idle()
  t.equal(log.text(), 'one\n')
  log.complete()
  t.equal(await log.done, 8, 'the offset counts the bytes of the log')
  t.equal(log.text(), 'one\nlast\n')
})

t.test('a character split between two writes arrives whole', async (t) => {
  const text = 'grüße 🦊 日本\n'
  const bytes = Buffer.from(text)
  const log = follow(t, '')
  for (const byte of bytes) {
    log.append(Buffer.from([byte]))
    await log.idle()
  }
  log.complete()
  t.equal(await log.done, bytes.length)
  t.strictSame(log.chunks, [text])
})

t.test('characters split by the size of a read arrive whole, in lines of any length', async (t) => {
  for (const shift of ['', 'x', 'xx', 'xxx']) {
    const text = `${shift}${'🦊'.repeat(60_000)}\n${'日本'.repeat(40_000)}\nend\n`
    const log = follow(t, text)
    log.complete()
    t.equal(await log.done, Buffer.byteLength(text))
    t.notMatch(log.text(), /\ufffd/)
    t.equal(log.text().replaceAll('\n', ''), text.replaceAll('\n', ''))
  }
})

t.test('a line over 64 KiB comes in pieces, and nothing of it is lost', async (t) => {
  const text = `${'a'.repeat(1_000_000)}\nshort\n`
  const log = follow(t, text)
  log.complete()
  t.equal(await log.done, text.length)
  t.equal(log.text().replaceAll('\n', ''), text.replaceAll('\n', ''))
  t.match(log.text(), /a\nshort\n$/, 'the next line begins a line')
  for (const chunk of log.chunks) {
    t.ok(chunk.length <= 131_073, `a piece of ${chunk.length} characters`)
    t.match(chunk, /\n$/)
  }
})

t.test('a line of just 64 KiB stays whole', async (t) => {
  const text = `${'a'.repeat(65_536)}\n`
  const log = follow(t, text)
  log.complete()
  await log.done
  t.equal(log.text(), text)
})

t.test('a mirror resumes where an earlier one ended', async (t) => {
  const first = follow(t, 'header\none\ntwo\n', 7)
  first.complete()
  const offset = await first.done
  t.equal(first.text(), 'one\ntwo\n')

  const second = follow(t, `${readFileSync(first.file, 'utf8')}three\n`, offset)
  second.complete()
  t.equal(await second.done, 21)
  t.equal(second.text(), 'three\n')
})

t.test('it tells how far it came whenever it caught up, in whole lines, and nothing twice', async (t) => {
  const log = follow(t, 'header\none\n', 7)
  await log.idle()
  t.strictSame(log.offsets, [11])
  log.append('tw')
  await log.idle()
  t.strictSame(log.offsets, [11], 'half a line may be mirrored again')
  log.append('o\n')
  await log.idle()
  log.complete()
  await log.done
  t.strictSame(log.offsets, [11, 15])
})

t.test('while it catches up with much output, it tells every mebibyte', async (t) => {
  const text = `${'x'.repeat(99)}\n`.repeat(35_000)
  const log = follow(t, text)
  await log.idle()
  t.ok(log.offsets.length >= 3 && log.offsets.length <= 5, `told ${log.offsets.length} times`)
  for (const [i, offset] of log.offsets.entries()) {
    t.equal(offset % 100, 0, 'behind a line')
    t.ok(offset > (log.offsets[i - 1] ?? 0))
  }
  t.equal(log.offsets.at(-1), text.length)
  log.complete()
  await log.done
})

t.test('a mirror whose offsets nobody wants works as well', async (t) => {
  const file = path.join(t.testdir(), 'run.log')
  writeFileSync(file, 'one\n'.repeat(500_000))
  const options = { from: 0, write: () => true, clock: systemClock, complete: AbortSignal.abort() }
  t.equal(await mirrorLog({ ...options, path: file }), 2_000_000)
})

t.test('bytes that are no UTF-8 disturb neither the lines around them nor the end', async (t) => {
  const bytes = Buffer.concat([Buffer.from('one\n'), Buffer.from([0xff, 0xf0, 0x9f, 10, 0xf0, 0x9f])])
  const log = follow(t, bytes)
  log.complete()
  t.equal(await log.done, bytes.length)
  t.equal(log.text(), 'one\n\ufffd\ufffd\n\ufffd\n')
})

t.test('completion wakes a mirror that sleeps, and what came just before it is still mirrored', async (t) => {
  let asleep = false
  const clock: Clock = {
    now: systemClock.now,
    monotonic: systemClock.monotonic,
    sleep: (_ms, signal) => {
      asleep = true
      return systemClock.sleep(MAX_TIMER_MS, signal)
    },
  }
  const log = follow(t, 'one\n', 0, clock)
  await until('the mirror sleeps', () => asleep)
  log.append('two\n')
  log.complete()
  t.equal(await log.done, 8)
  t.equal(log.text(), 'one\ntwo\n')
})

t.test('a writer that fails ends the mirror, which closes its file', async (t) => {
  const file = path.join(t.testdir(), 'run.log')
  writeFileSync(file, 'one\n')
  const write = () => {
    throw new Error('no')
  }
  const complete = AbortSignal.abort()
  await t.rejects(mirrorLog({ path: file, from: 0, write, clock: systemClock, complete }), { message: 'no' })
})

t.test('lines that are kept by whoever took them do not change', async (t) => {
  const file = path.join(t.testdir(), 'run.log')
  const text = Array.from({ length: 60_000 }, (_, i) => `line ${i}\n`).join('')
  writeFileSync(file, text)
  const kept: Buffer[] = []
  const write = (lines: Buffer) => {
    kept.push(lines)
    return false
  }
  await mirrorLog({ path: file, from: 0, write, clock: systemClock, complete: AbortSignal.abort() })
  t.ok(kept.length > 3)
  t.ok(String(Buffer.concat(kept)) === text)
})

t.test('a log that is not there is told', async (t) => {
  const options = { from: 0, write: () => true, clock: systemClock, complete: AbortSignal.abort() }
  await t.rejects(mirrorLog({ ...options, path: path.join(t.testdir(), 'absent') }), {
    message: 'the log was removed or replaced',
  })
})

t.test('no secret is torn where a long line is cut, wherever in it the secret stands', async (t) => {
  const secret = 'a-secret-of-this-test'
  const cutAt = 131_072
  for (let shift = 0; shift <= secret.length; shift++) {
    const text = `${'x'.repeat(cutAt - shift)}${secret}${'y'.repeat(100_000)}\n`
    const log = follow(t, text, 0, undefined, [secret])
    log.complete()
    t.equal(await log.done, text.length)
    t.equal(log.text().replaceAll('\n', ''), text.trim(), 'all of it is there')
    t.equal(log.chunks.filter((chunk) => chunk.includes(secret)).length, 1, `${shift} bytes before the cut`)
  }
})

t.test('a secret over several lines is in one chunk, though the lines come one by one', async (t) => {
  const secret = 'first line\nsecond line\nthird line'
  const log = follow(t, 'before\nfirst line\n', 0, undefined, [secret])
  await log.idle()
  t.same(log.chunks, ['before\n'])
  log.append('second line\n')
  await log.idle()
  t.same(log.chunks, ['before\n'])
  log.append('third line\nbehind\nfirst line\n')
  await log.idle()
  t.same(log.chunks.slice(1), [`${secret}\nbehind\n`])
  log.append('another line\n')
  await log.idle()
  log.complete()
  await log.done
  t.same(log.chunks.slice(2), ['first line\nanother line\n'])
})

t.test('a secret longer than any line is not waited for', async (t) => {
  const secret = 'z'.repeat(200_000)
  const log = follow(t, `x${secret}\n`, 0, undefined, [secret])
  log.complete()
  t.equal(await log.done, 200_002)
  t.equal(log.text().replaceAll('\n', ''), `x${secret}`)
})

t.test('a log that is emptied under its writer is mirrored on from its begin', async (t) => {
  const log = follow(t, 'header\none\nhalf a li')
  await log.idle()
  t.equal(log.text(), 'header\none\n')
  truncateSync(log.file)
  log.append('two\n')
  await log.idle()
  t.equal(log.text(), 'header\none\nhalf a li\ntwo\n', 'what had no end yet gets one')
  t.equal(log.offsets.at(-1), 4, 'an offset of the log as it is')
  truncateSync(log.file)
  await log.idle()
  log.append('3\n')
  log.complete()
  t.equal(await log.done, 2)
  t.match(log.text(), /\ntwo\n3\n$/)
})

t.test(
  'a log that became shorter than where an earlier mirror ended is mirrored from its begin',
  async (t) => {
    const log = follow(t, 'new\n', 4000)
    log.complete()
    t.equal(await log.done, 4)
    t.equal(log.text(), 'new\n')
  },
)

t.test('what is no plain file is not mirrored', async (t) => {
  const dir = t.testdir({ real: 'text\n', directory: {} })
  symlinkSync(path.join(dir, 'real'), path.join(dir, 'link'))
  const options = { from: 0, write: () => true, clock: systemClock, complete: new AbortController().signal }
  for (const name of ['directory', 'link']) {
    await t.rejects(mirrorLog({ ...options, path: path.join(dir, name) }), { message: /removed or replaced/ })
  }
})

t.test('a log that cannot be opened yet is tried again, up to its completion', async (t) => {
  const dir = t.testdir({ 'run.log': 'one\n' })
  const lines: string[] = []
  let looks = 0
  const options = {
    from: 0,
    write: (bytes: Buffer) => lines.push(String(bytes)) > 0,
    clock: {
      ...systemClock,
      sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(++looks, signal),
    },
  }
  const over = new AbortController()
  const restore = await exhaustDescriptors(t, process.pid)
  const mirrored = mirrorLog({ ...options, path: path.join(dir, 'run.log'), complete: over.signal })
  await until('it tried again and again', () => looks > 3)
  await restore()
  await until('it is opened', () => lines.length > 0)
  over.abort()
  t.equal(await mirrored, 4)

  const complete = new AbortController()
  const file = path.join(dir, 'x'.repeat(300))
  const failing = mirrorLog({ ...options, path: file, complete: complete.signal })
  complete.abort()
  await t.rejects(failing, { code: 'ENAMETOOLONG' })
})
