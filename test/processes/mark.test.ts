import t from 'tap'
import { limitOf, mayMark, ownerPart, parseMark, runPart } from '../../src/processes/mark.ts'

t.test('a limit tells of which run, and of whose runs, it is the mark', (t) => {
  const limit = limitOf('a-run', '/logs/.runs')
  t.same(parseMark(limit), { run: runPart('a-run'), owner: ownerPart('/logs/.runs') })
  t.equal(limitOf('a-run', '/logs/.runs'), limit, 'nothing needs to be kept for it')
  t.not(parseMark(limitOf('b-run', '/logs/.runs'))?.run, runPart('a-run'))
  t.not(parseMark(limitOf('a-run', '/other/.runs'))?.owner, ownerPart('/logs/.runs'))
  t.end()
})

t.test('a mark is longer than any process lives, and less than no limit at all', (t) => {
  for (const run of ['a', 'b', 'c']) {
    const limit = BigInt(limitOf(run, '/logs'))
    t.ok(limit >= 2n ** 62n && limit < 2n ** 63n, String(limit))
  }
  t.end()
})

t.test('a hard limit forbids it', (t) => {
  const limits = (soft: string, hard: string) =>
    `Max open files            1024                 unlimited            files\nMax realtime timeout      ${soft.padEnd(20)} ${hard.padEnd(20)} us\n`
  t.ok(mayMark(limits('unlimited', 'unlimited')))
  t.ok(mayMark(limits('200000', 'unlimited')), 'inside of a run, too')
  t.notOk(mayMark(limits('200000', '200000')))
  t.notOk(mayMark('Max open files            1024                 unlimited            files\n'))
  t.end()
})

t.test('limits that others set are no marks', (t) => {
  for (const limit of ['0', '200000', String(2n ** 61n), String(2n ** 63n), String(2n ** 64n - 1n)]) {
    t.equal(parseMark(limit), null, limit)
  }
  t.end()
})
