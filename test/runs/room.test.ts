import t from 'tap'
import { type Footprint, noRoom } from '../../src/runs/room.ts'

const at = (slot: string, workspace: string, sharesWorkspace = false): Footprint => ({
  slot,
  workspace,
  sharesWorkspace,
  runId: `run-in-${slot}`,
})

t.test('what is in the same slot is replaced, so it is never in the way', async (t) => {
  t.equal(noRoom(at('a', '/w'), [at('a', '/w')], 1), null)
  t.equal(noRoom(at('a', '/w'), [], 1), null)
})

t.test('a workspace has one run, unless all of them share it', async (t) => {
  const refused = noRoom(at('a', '/w'), [at('b', '/v'), at('c', '/w')], 9)
  t.match(refused, {
    code: 'LOOPER_WORKSPACE_BUSY',
    status: 409,
    message: /^run run-in-c in slot "c" works in \/w: stop it, .* share_workspace in both requests$/,
  })
  t.match(noRoom(at('a', '/w', true), [at('c', '/w')], 9), { code: 'LOOPER_WORKSPACE_BUSY' })
  t.match(noRoom(at('a', '/w'), [at('c', '/w', true)], 9), { code: 'LOOPER_WORKSPACE_BUSY' })
  t.equal(noRoom(at('a', '/w', true), [at('c', '/w', true), at('d', '/w', true)], 9), null)
})

t.test('so many slots have a run at a time, however many runs a slot has left', async (t) => {
  const present = [at('b', '/1'), at('b', '/2'), at('c', '/3'), at('a', '/4')]
  t.equal(noRoom(at('a', '/w'), present, 3), null)
  t.match(noRoom(at('a', '/w'), present, 2), {
    code: 'LOOPER_MAX_RUNS',
    status: 409,
    message: '2 other slots have a run (b, c), and LOOPER_MAX_RUNS is 2: stop one, or raise it',
  })
})
