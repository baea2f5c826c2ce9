import t from 'tap'
import { rangeOf } from '../../src/http/byte-range.ts'

t.test('one range is a part: from, from to, and the last bytes', async (t) => {
  const parts: [string, number, number][] = [
    ['bytes=0-', 0, 10],
    ['bytes=0-0', 0, 1],
    ['bytes=3-5', 3, 6],
    ['bytes=9-', 9, 10],
    ['bytes=5-99', 5, 10],
    ['bytes=-1', 9, 10],
    ['bytes=-10', 0, 10],
    ['bytes=-99999999999999999999', 0, 10],
  ]
  for (const [header, first, end] of parts) {
    t.strictSame(rangeOf(header, 10), { kind: 'part', first, end }, header)
  }
})

t.test('a range behind the end, and any range of nothing, cannot be satisfied', async (t) => {
  for (const header of ['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999-']) {
    t.strictSame(rangeOf(header, 10), { kind: 'unsatisfiable' }, header)
  }
  for (const header of ['bytes=0-', 'bytes=-1']) t.strictSame(rangeOf(header, 0), { kind: 'unsatisfiable' })
})

t.test('no range, several, and what is none mean the whole', async (t) => {
  for (const header of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=5-2',
    'bytes=0-1,3-4',
    'bytes=a-b',
    'bytes=--1',
    'lines=0-1',
    'bytes 0-1',
  ]) {
    t.strictSame(rangeOf(header, 10), { kind: 'whole' }, String(header))
  }
})
