import t from 'tap'
import { changesText, shortChanges } from '../../src/cli/changes.ts'
import { endLine } from '../../src/cli/watch.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

const CHANGES = {
  head_before: 'a',
  head_after: 'b',
  commits: 3,
  files: 4,
  added: 1200,
  removed: 44,
  dirty_before: 0,
  dirty_after: 1,
  left_out: 0,
  is_diff_cut: false,
}

t.test('a diff is shown, of a run or of the one that lives', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const { url } = service
  const old = service.add({ outcome: 'exited', return_code: 0, changes: CHANGES })
  service.diffs.set(old.run_id, 'diff --git a/x b/x\n+old\n')
  const live = service.add({})
  service.diffs.set(live.run_id, 'diff --git a/x b/x\n+new\n')
  t.equal((await runCommand(['diff'], { url })).out, 'diff --git a/x b/x\n+new\n')
  t.equal((await runCommand(['diff', old.run_id.slice(0, 8)], { url })).out, 'diff --git a/x b/x\n+old\n')
  t.match(JSON.parse((await runCommand(['diff', '--json'], { url })).out), {
    run_id: live.run_id,
    text: 'diff --git a/x b/x\n+new\n',
  })
  service.diffs.clear()
  t.match(await runCommand(['diff'], { url }), { status: 66, err: /it has none/ })
  t.match((await runCommand(['show', old.run_id], { url })).out, /changes +3 commits, 4 files, \+1,200 −44\n/)
  t.notMatch((await runCommand(['show'], { url })).out, 'changes')
  t.match((await runCommand(['runs'], { url })).out, /CHANGES[\s\S]*\+1,200 −44/)
})

t.test('the end of a run that somebody waited for tells it', async (t) => {
  const end = { run_id: '3f2a0000', name: 'a run', outcome: 'exited', return_code: 0, cause: null } as const
  const line = (changes: typeof CHANGES) => endLine({ ...end, tokens_used: null, changes })
  t.equal(line(CHANGES), '3f2a0000 a run: exited 0, 3 commits, +1,200 −44')
  t.equal(line({ ...CHANGES, commits: 0, files: 0 }), '3f2a0000 a run: exited 0')
})

t.test('what was changed, in words', async (t) => {
  t.equal(changesText({ changes: { ...CHANGES, commits: 0, files: 0, added: 0, removed: 0 } }), 'nothing')
  t.equal(
    changesText({ changes: { ...CHANGES, commits: 1, files: 1, left_out: 2 } }),
    '1 commit, 1 file, +1,200 −44, 2 files not looked into',
  )
  t.equal(changesText({ changes: { ...CHANGES, commits: 2, files: 0 } }), '2 commits')
  t.strictSame([changesText({}), changesText({ changes: null }), shortChanges({})], ['', '', ''])
})
