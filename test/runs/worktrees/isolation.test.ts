import t from 'tap'
import { LooperError } from '../../../src/base/errors.ts'
import { noRoom } from '../../../src/runs/room.ts'
import { chooseIsolation, isolationAsked } from '../../../src/runs/worktrees/isolation.ts'

const EARLIER = { id: 'one', branch: 'looper/one', workspace: '/own/one', kept: true }
const deps = {
  findRun: (id: string) => ({ workspace: '/repo', worktree: id === 'one' ? EARLIER : null }),
  worktrees: {
    dir: '/own',
    assertPossible: async (workspace: string) => {
      if (workspace === '/plain') throw new LooperError('LOOPER_ISOLATE_REFUSED', 'no')
    },
  },
}

t.test('a run is kept apart where it asks for it, or goes on with one that was', async (t) => {
  const choose = (body: object, workspace = '/repo') => chooseIsolation(body, workspace, deps)
  t.equal(await choose({}), null)
  t.equal(await choose({ isolate: null, resume: 'two' }), null)
  t.strictSame(await choose({ isolate: 'worktree' }), { earlier: null })
  t.strictSame(await choose({ resume: 'one' }), { earlier: EARLIER })
  t.equal(await choose({ resume: 'one' }, '/other'), null, 'a work tree is of one repository')
  t.strictSame(await choose({ isolate: 'worktree', resume: 'one' }, '/other'), { earlier: null })
  await t.rejects(choose({ isolate: 'worktree' }, '/plain'), { code: 'LOOPER_ISOLATE_REFUSED' })
  t.strictSame(isolationAsked('{"isolate":"worktree"}'), { earlier: null })
  t.equal(isolationAsked('{}'), null)
})

t.test('who is kept apart is in nobody’s way', async (t) => {
  const at = { workspace: '/repo', sharesWorkspace: false }
  const present = [{ ...at, slot: 'a', runId: 'one' }]
  const apart = { earlier: null }
  t.match(noRoom({ ...at, slot: 'b' }, present, 4), { code: 'LOOPER_WORKSPACE_BUSY' })
  t.equal(noRoom({ ...at, slot: 'b', isolation: apart }, present, 4), null)
  t.equal(noRoom({ ...at, slot: 'b' }, [{ ...at, slot: 'a', runId: 'one', isolation: apart }], 4), null)
  t.match(noRoom({ ...at, slot: 'b', isolation: apart }, present, 1), { code: 'LOOPER_MAX_RUNS' })
})
