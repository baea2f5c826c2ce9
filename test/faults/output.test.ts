import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { mirrorLog } from '../../src/logging/mirror.ts'
import { openServerLog } from '../../src/logging/server-log.ts'
import { assertSettled, endOf, recordOf, setUpFault } from '../helpers/fault-service.ts'
import { PROJECT, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test(
  '21: a server log that rotates under 50,000 lines a second loses no line and tears none',
  { buffered: true },
  async (t) => {
    const dir = t.testdir({ 'run.log': '' })
    const file = path.join(dir, 'server.log')
    const source = path.join(dir, 'run.log')
    const serverLog = await openServerLog(file, 'info', { size: 256 * 1024, count: 10_000 })
    const complete = new AbortController()
    const mirrored = mirrorLog({
      path: source,
      from: 0,
      write: serverLog.raw,
      placeToCut: serverLog.placeToCut,
      clock: systemClock,
      complete: complete.signal,
    })
    const lines = 150_000
    const writer = spawn(
      process.execPath,
      [path.join(PROJECT, 'test/fixtures/line-writer.ts'), source, String(lines), '50000'],
      { stdio: 'inherit', env: { PATH: process.env.PATH, TEST_FILE_ID: process.env.TEST_FILE_ID } },
    )
    let events = 0
    const talk = setInterval(() => serverLog.logger.info({ event: events++ }, 'between'), 1)
    t.same(await once(writer, 'exit'), [0, null])
    complete.abort()
    t.equal(await mirrored, statSync(source).size)
    clearInterval(talk)
    await serverLog.close()

    // By day and number, also over midnight.
    const order = (name: string) =>
      name.replace(/(\d+)\.log$/, (_, number: string) => number.padStart(5, '0'))
    const files = readdirSync(`${file}.d`)
      .filter((name) => name.endsWith('.log'))
      .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    t.ok(files.length > 10, `${files.length} files`)
    const texts = files.map((name) => readFileSync(path.join(`${file}.d`, name), 'utf8'))
    t.ok(
      // The last one may just have been begun.
      texts.every((text, index) => text.endsWith('\n') || (text === '' && index === texts.length - 1)),
      'no line goes over the end of a file',
    )
    const all = texts.join('').trimEnd().split('\n')
    const raw = all.filter((line) => !line.startsWith('{'))
    t.ok(`${raw.join('\n')}\n` === readFileSync(source, 'utf8'), 'every line once, in order, whole')
    const seen = all.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line).event)
    t.equal(seen.length, events)
    t.ok(
      seen.every((event, index) => event === index),
      'and every event',
    )
  },
)

const MIB = 1_048_576

t.test(
  '22: a lot of output, one huge line, NUL and broken UTF-8 are on disk byte for byte',
  { buffered: true },
  async (t) => {
    // A small heap, so that growth is what is kept, and not what V8 has not collected yet.
    const { service, run, workspace, watch } = await setUpFault(t, {
      NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=64',
    })
    const payload = path.join(workspace, 'payload')
    const line = Buffer.from(`${'0123456789abcdef'.repeat(63)}0123456789abcde\n`)
    writeFileSync(
      payload,
      Buffer.concat([
        Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 10, 0xe2, 0x82, 10, 0xf0, 0x9f, 0xa6]),
        Buffer.alloc(64 * MIB, line),
        Buffer.alloc(20 * MIB, 'one line '),
        Buffer.from([0, 10, 0xc3]),
      ]),
    )
    // What the service needs anyway is not the output's.
    await endOf(service, (await run('echo warm')).runId)
    // What is kept of the output would be there; pages of files come and go as the machine has room for them.
    const memory = () =>
      Number(/^RssAnon:\s+(\d+) kB/m.exec(textOf(`/proc/${service.child.pid}/status`))?.[1]) / 1024
    const before = memory()
    const { runId, log } = await run('exec cat payload')
    let most = before
    await until('its end', async () => {
      most = Math.max(most, memory())
      return (await recordOf(service, runId)).outcome !== null
    })
    t.match(await recordOf(service, runId), { outcome: 'exited', return_code: 0 })
    const grown = most - before
    t.ok(grown < 60, `the service grew by ${Math.round(grown)} MB at most`)

    const written = readFileSync(log)
    const trailer = Buffer.from('\n\n# codex_exec_return_code=0\n')
    const output = written.subarray(written.indexOf('\n\n') + 2, written.length - trailer.length)
    t.same(written.subarray(written.length - trailer.length), trailer)
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    t.equal(hash(output), hash(readFileSync(payload)))
    t.equal((await recordOf(service, runId)).output_bytes, output.length + trailer.length)
    await assertSettled(t, service, watch)
  },
)
