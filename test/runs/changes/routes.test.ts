import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { diffPathOf } from '../../../src/logs/diff-path.ts'
import { NOW } from '../../helpers/app.ts'
import { CHANGED, freeDir, git, NO_GIT } from '../../helpers/git.ts'
import { startLogApp } from '../../helpers/log-app.ts'
import { intentOf } from '../../helpers/record.ts'

const INTENT = intentOf('one', { requestedAt: NOW })
const END = {
  outcome: 'exited',
  returnCode: 0,
  cause: null,
  outputBytes: 1,
  tokensUsed: null,
  endedAt: NOW,
} as const

t.test('what a run changed is on the record, and its diff is a file beside its log', async (t) => {
  const { app, ledger, dir } = await startLogApp(t)
  const none = { statusCode: 404, body: /LOOPER_DIFF_NOT_FOUND/ }
  t.match(await app.inject('/runs/none/diff'), { statusCode: 404, body: /LOOPER_RUN_NOT_FOUND/ })
  ledger.begin(INTENT)
  t.match(await app.inject('/runs/one/diff'), none, 'it is not launched')
  const logPath = path.join(dir, 'one.log')
  ledger.step('one', { logPath, changes: CHANGED })
  t.match(await app.inject('/runs/one/diff'), none, 'nobody knows how its workspace was')
  ledger.finish('one', END)
  t.match(await app.inject('/runs/one/diff'), { ...none, body: /it was removed/ })
  writeFileSync(diffPathOf(logPath), 'diff --git a/ü b/ü\n')
  t.match(await app.inject('/runs/one/diff'), {
    statusCode: 200,
    body: 'diff --git a/ü b/ü\n',
    headers: { 'content-type': 'text/x-diff; charset=utf-8', 'x-content-type-options': 'nosniff' },
  })
  t.strictSame((await app.inject('/runs/one')).json().changes, {
    head_before: 'a',
    head_after: 'b',
    commits: 3,
    files: 4,
    added: 120,
    removed: 44,
    dirty_before: 0,
    dirty_after: 1,
    left_out: 0,
    is_diff_cut: false,
  })
  t.match((await app.inject('/runs')).json().runs[0].changes, { commits: 3, added: 120 })
  rmSync(diffPathOf(logPath))
  execFileSync('mkfifo', [diffPathOf(logPath)])
  t.match(await app.inject('/runs/one/diff'), none, 'nobody waits for a pipe')
  ledger.begin({ ...INTENT, runId: 'two' })
  ledger.finish('two', END)
  t.match((await app.inject('/runs/two')).json(), { changes: null })
  t.match(await app.inject('/runs/two/diff'), none, 'it has no log')
})

t.test('the diff of a live run is that of now', { skip: NO_GIT }, async (t) => {
  const { app, ledger } = await startLogApp(t)
  const top = path.join(freeDir(t), 'repo')
  mkdirSync(top)
  git(top, 'init', '-q')
  git(top, 'commit', '-q', '--allow-empty', '-m', 'first')
  const head = git(top, 'rev-parse', 'HEAD')
  ledger.begin(INTENT)
  ledger.step('one', { workTree: { top, head, tree: head, dirty: 0, leftOut: 0 } })
  t.match(await app.inject('/runs/one/diff'), { statusCode: 200, body: '' })
  writeFileSync(path.join(top, 'new'), 'x\n')
  t.match(await app.inject('/runs/one/diff'), { statusCode: 200, body: /\+\+\+ b\/new\n@@ .* @@\n\+x\n$/ })
  rmSync(top, { recursive: true })
  t.match(await app.inject('/runs/one/diff'), { statusCode: 404, body: /no git work tree any more/ })
})
