import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { procReader } from '../../src/processes/proc-file.ts'

t.test('a file is read whole, also where it is larger than the buffer', async (t) => {
  const file = path.join(t.testdir(), 'file')
  const { read } = procReader(0, 8)
  for (const size of [0, 1, 7, 8, 9, 64, 1000]) {
    writeFileSync(file, Buffer.alloc(size, 'abc'))
    t.strictSame(Buffer.from(read(file)), readFileSync(file), `${size} bytes`)
  }
})

t.test('a file that is not there is told', async (t) => {
  t.throws(() => procReader(9).read(path.join(t.testdir(), 'absent'), 1), { code: 'ENOENT' })
})

/** How many files below a directory this very process has open. */
function countOpen(dir: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir)
    } catch {
      return false
    }
  }).length
}

const onLinux = { skip: process.platform === 'linux' ? false : 'it reads /proc' }

t.test("a process's files are kept open, as many as may be, and read anew each time", onLinux, async (t) => {
  const dir = t.testdir({ 1: 'one', 2: 'two', 3: 'three', other: 'other' })
  const { read, keepOnly } = procReader(2, 4)
  const all = () => [1, 2, 3].map((pid) => read(path.join(dir, String(pid)), pid).toString())
  t.equal(read(path.join(dir, 'other')).toString(), 'other')
  t.equal(countOpen(dir), 0)
  t.strictSame(all(), ['one', 'two', 'three'])
  t.equal(countOpen(dir), 2)
  writeFileSync(path.join(dir, '1'), 'another')
  t.strictSame(all(), ['another', 'two', 'three'])
  keepOnly([2])
  t.equal(countOpen(dir), 1)
  keepOnly([])
  t.equal(countOpen(dir), 0)
})

t.test(
  'the file of a process that is gone is let go, and what is in its place is read',
  onLinux,
  async (t) => {
    const child = spawn('sleep', ['300'])
    const dir = t.testdir({
      proc: t.fixture('symlink', `/proc/${child.pid}`),
      next: { cmdline: 'another process' },
    })
    const { read, keepOnly } = procReader(9)
    const cmdline = () => read(path.join(dir, 'proc/cmdline'), 1).toString()
    t.equal(cmdline(), 'sleep\x00300\x00')
    const gone = `/proc/${child.pid}/`
    t.equal(countOpen(gone), 1)
    child.kill('SIGKILL')
    await once(child, 'exit')
    t.throws(cmdline, { code: 'ENOENT' })
    t.equal(countOpen(gone), 0)

    const second = spawn('sleep', ['300'])
    t.teardown(() => second.kill('SIGKILL'))
    const put = (target: string) => {
      rmSync(path.join(dir, 'proc'))
      symlinkSync(target, path.join(dir, 'proc'))
    }
    put(`/proc/${second.pid}`)
    t.equal(cmdline(), 'sleep\x00300\x00')
    put('next')
    t.equal(cmdline(), 'sleep\x00300\x00', 'it is there, and its file is open')
    second.kill('SIGKILL')
    await once(second, 'exit')
    t.equal(cmdline(), 'another process')
    keepOnly([])
  },
)
