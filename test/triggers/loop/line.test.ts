import t from 'tap'
import { LooperError } from '../../../src/base/errors.ts'
import { createLine, wantedOf } from '../../../src/triggers/loop/line.ts'

t.test('who came first for the same thing goes first, and a place is the same thing for all', (t) => {
  const line = createLine()
  t.equal(line.first(), null)
  line.wait('one', { workspace: '/a' })
  line.wait('two', { workspace: '/b' })
  t.same([line.isBehind('one', '/a'), line.isBehind('two', '/b')], [false, false])
  t.same([line.isBehind('new', '/a'), line.isBehind('new', '/c')], [true, false])
  line.wait('one', 'place')
  t.equal(line.first(), 'one', 'it keeps its place')
  t.same(
    [line.isBehind('one', '/a'), line.isBehind('two', '/b'), line.isBehind('new', '/c')],
    [false, true, true],
  )
  line.leave('one')
  t.same([line.first(), line.isBehind('two', '/b'), line.isBehind('new', '/c')], ['two', false, false])
  t.end()
})

t.test('what a launch failed for is a place, its workspace, or nothing that others give up', (t) => {
  t.equal(wantedOf(new LooperError('LOOPER_MAX_RUNS', 'full'), '/a'), 'place')
  t.same(wantedOf(new LooperError('LOOPER_WORKSPACE_BUSY', 'busy'), '/a'), { workspace: '/a' })
  t.equal(wantedOf(new LooperError('LOOPER_DISK_FULL', 'full'), '/a'), null)
  t.equal(wantedOf(new Error('EMFILE'), null), null)
  t.end()
})
