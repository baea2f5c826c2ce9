import t from 'tap'
import { createBacklog } from '../../src/logging/backlog.ts'

/** Something to write to that takes only so many bytes at once, and only so many in all. */
function setUp(maxBytes?: number) {
  let room = 0
  let text = ''
  const failures: unknown[] = []
  const full = new Error('full')
  const backlog = createBacklog(
    (bytes) => {
      if (room === 0) throw full
      const taken = bytes.subarray(0, Math.min(3, room))
      room -= taken.length
      text += taken
      return taken.length
    },
    (error) => failures.push(error),
    maxBytes,
  )
  return {
    full,
    failures,
    text: () => text,
    makeRoom: (bytes: number) => {
      room = bytes
    },
    retry: backlog.retry,
    write: (line: string) => backlog.write(Buffer.from(line)),
  }
}

t.test('what is refused waits, and goes out in order, whole, before the next', async (t) => {
  const { makeRoom, write, retry, text, failures, full } = setUp()
  makeRoom(10)
  t.equal(write('one\n'), true)
  t.equal(write('two and more\n'), false, 'the room ends in its middle')
  t.equal(write('three\n'), false)
  t.equal(retry(), false)
  t.equal(text(), 'one\ntwo an')
  t.strictSame(failures, [full], 'told once')
  makeRoom(100)
  t.equal(write('four\n'), true)
  t.equal(text(), 'one\ntwo and more\nthree\nfour\n')
  makeRoom(0)
  t.equal(write('five\n'), false)
  t.strictSame(failures, [full, full], 'and again when it had gone well in between')
  makeRoom(100)
  t.equal(retry(), true)
  t.equal(text(), 'one\ntwo and more\nthree\nfour\nfive\n')
})

t.test('only so much is kept; a line that has no place is dropped whole', async (t) => {
  const { makeRoom, write, text } = setUp(8)
  t.equal(write('one\n'), false)
  t.equal(write('too long for it\n'), false)
  t.equal(write('two\n'), false)
  t.equal(write('3\n'), false)
  makeRoom(100)
  t.equal(write(''), true)
  t.equal(text(), 'one\ntwo\n')
  t.equal(write('8 bytes\n'), true, 'there is place again')
})
