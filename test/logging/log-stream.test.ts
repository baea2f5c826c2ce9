import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openLogStream } from '../../src/logging/log-stream.ts'
import { until } from '../helpers/service.ts'

const skip = process.platform === 'linux' ? false : 'pipes are opened as Linux opens them'
const bytes = (text: string) => Buffer.from(text)

function makePipe(test: Test): string {
  const file = path.join(test.testdir({}), 'pipe')
  spawnSync('mkfifo', [file])
  return file
}

/** A log in a pipe, with what it told. */
function setUp(test: Test) {
  const file = makePipe(test)
  const failures: unknown[] = []
  const log = openLogStream(file, statSync(file), (error) => failures.push(error))
  return { file, failures, log }
}

t.test(
  'a pipe that nobody reads holds nobody up, and who comes reads from the begin',
  { skip },
  async (t) => {
    const { file, failures, log } = setUp(t)
    t.equal(log.write(bytes('one\n')), true)
    const reader = spawn('head', ['-n', '2', file], { stdio: ['ignore', 'pipe', 'ignore'] })
    let seen = ''
    reader.stdout.on('data', (chunk) => {
      seen += chunk
    })
    t.equal(log.write(bytes('two\n')), true)
    await once(reader, 'close')
    t.equal(seen, 'one\ntwo\n')
    t.equal(log.write(bytes('three\n')), true, 'nor does one that left')
    await log.close()
    t.strictSame(failures, [])
  },
)

t.test('what a slow reader cannot take yet follows by itself, in order', { skip }, async (t) => {
  const { file, failures, log } = setUp(t)
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  t.teardown(() => closeSync(reader))
  const lines = Array.from({ length: 3000 }, (_, i) => `${i} ${'x'.repeat(90)}\n`)
  const written = lines.map((line) => log.write(bytes(line)))
  t.equal(written[0], true)
  t.equal(written.at(-1), false, 'the pipe is full')
  const chunk = Buffer.alloc(65_536)
  let seen = ''
  await until('all is read', () => {
    try {
      seen += chunk.subarray(0, readSync(reader, chunk))
    } catch {
      // Nothing is there at the moment.
    }
    return seen.length >= lines.join('').length
  })
  t.equal(seen, lines.join(''))
  t.equal(log.write(bytes('end\n')), true)
  await log.close()
  t.strictSame(failures, [])
})

t.test('the end waits a moment for a slow reader, not for ever', { skip }, async (t) => {
  const { log } = setUp(t)
  for (let i = 0; i < 3000; i++) log.write(bytes(`${'x'.repeat(90)}\n`))
  await log.close()
})

const noFull = existsSync('/dev/full') ? false : 'there is no /dev/full here'
t.test('a device that takes nothing is told once', { skip: noFull }, async (t) => {
  const failures: unknown[] = []
  const log = openLogStream('/dev/full', statSync('/dev/full'), (error) => failures.push(error))
  t.equal(log.write(bytes('one\n')), false)
  t.equal(log.write(bytes('two\n')), false)
  await log.close()
  t.match(failures, [{ code: 'ENOSPC' }])
  t.equal(failures.length, 1)
})
