import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { verifyLogPathOf } from '../../src/logs/verify-log.ts'
import { endOf, killService, recordOf, serverLogOf, setUpFault } from '../helpers/fault-service.ts'
import { AS_SOMEBODY, git, NO_GIT } from '../helpers/git.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux' || NO_GIT) {
  t.plan(0, NO_GIT || 'runs are counted in /proc')
  process.exit()
}

/** A service whose workspace is a repository with a commit, in which a person has begun something. */
async function setUp(test: Test, settings: NodeJS.ProcessEnv = {}) {
  const set = await setUpFault(test, settings)
  const { workspace } = set
  git(workspace, 'init', '-q')
  writeFileSync(path.join(workspace, 'a.txt'), 'one\n')
  git(workspace, 'add', '.')
  git(workspace, 'commit', '-qm', 'first')
  writeFileSync(path.join(workspace, 'mine.txt'), 'mine\n')
  const asserts = (changes: unknown, pattern: object) => {
    if (changes === null && GIVEN_UP.test(serverLogOf(set.logDir))) test.comment('git was too slow')
    else test.match(changes, pattern)
  }
  return { ...set, asserts }
}

const WORK = `${AS_SOMEBODY} echo two >> a.txt; git commit -qam more; echo new > new.txt`
const GATE = 'until [ -e "$GATE" ] || [ -e .git/gate ]; do sleep 0.05; done'
/** On a machine too busy for git to answer in time, a look is given up, and that is told: then nothing can be compared. */
const GIVEN_UP = /git took longer than/
const CHANGED = { commits: 1, files: 2, added: 2, removed: 0, dirty_before: 1, dirty_after: 2 }

t.test('a run says what it changed: on the record, in its notice, as a diff', async (t) => {
  const { service, run, workspace, logDir, zulip, asserts } = await setUp(t, { LOOPER_NOTIFY_END: 'edit' })
  const { runId, log, body } = await run(`${WORK}; ${GATE}`, { verify: '' })
  t.equal(body.ok, true)
  await until('it has worked', () => existsSync(path.join(workspace, 'new.txt')))
  const now = await (await fetch(`${service.url}/runs/${runId}/diff`)).text()
  t.match(await recordOf(service, runId), { changes: null })
  writeFileSync(path.join(workspace, '.git/gate'), '')
  const { changes } = await endOf(service, runId)
  asserts(changes, CHANGED)
  if (changes === null) return
  t.match(now, '+two')
  t.equal(changes?.head_after, git(workspace, 'rev-parse', 'HEAD'))
  const answer = await fetch(`${service.url}/runs/${runId}/diff`)
  t.equal(answer.headers.get('content-type'), 'text/x-diff; charset=utf-8')
  t.equal(await answer.text(), readFileSync(`${log}.diff`, 'utf8'))
  t.strictSame(readdirSync(path.join(logDir, '.changes')), [])
  const told = await (await fetch(`${service.url}/runs/${runId}/log?follow=1`)).text()
  t.match(JSON.parse(/^event: end\n.*\ndata: (.*)$/m.exec(told)?.[1] ?? ''), { changes: CHANGED })
  await until('the notice tells it', () => JSON.stringify(zulip.edits).includes('1 commit, +2 −0'))
})

t.test('a service that is killed keeps what was before, and looks at the end then', async (t) => {
  const { restart, run, service, workspace, asserts } = await setUp(t)
  // It lives on, and ends while the next service follows it.
  const one = await run(`${WORK}; ${GATE}`)
  await killService(service)
  let next = await restart()
  t.match(await recordOf(next, one.runId), { outcome: null, changes: null })
  writeFileSync(path.join(workspace, '.git/gate'), '')
  asserts((await endOf(next, one.runId)).changes, CHANGED)
  git(workspace, 'reset', '-q', '--hard', 'HEAD~1')

  // It ends while nobody is there.
  git(workspace, 'rm', '-q', '--cached', '--ignore-unmatch', 'new.txt')
  const two = await run(`rm .git/gate new.txt; ${WORK}; ${GATE}; touch .git/over`, {}, next)
  await killService(next)
  writeFileSync(path.join(workspace, '.git/gate'), '')
  await until('it has ended', () => existsSync(path.join(workspace, '.git/over')))
  await until('its log is closed', () => textOf(two.log).includes('codex_exec_return_code'))
  next = await restart()
  const ended = await endOf(next, two.runId)
  t.equal(ended.outcome, 'exited')
  asserts(ended.changes, { commits: 1, added: 1 })
})

t.test('what checks the work does not count as its own', async (t) => {
  const { run, service, workspace, restart, asserts } = await setUp(t, {
    LOOPER_VERIFY: `${GATE}; echo more > checked`,
  })
  const verify = `${GATE}; echo more > checked`
  const { runId, log } = await run(WORK, { verify })
  await until('the check runs', () => existsSync(verifyLogPathOf(log)))
  asserts((await recordOf(service, runId)).changes, CHANGED)
  await killService(service)
  const next = await restart()
  writeFileSync(path.join(workspace, '.git/gate'), '')
  const ended = await endOf(next, runId)
  t.equal(ended.verdict, 'verified')
  asserts(ended.changes, CHANGED)
  t.notMatch(textOf(`${log}.diff`), 'checked')
})

t.test('a run that replaces another begins with what that one left', async (t) => {
  const { run, service, workspace, asserts } = await setUp(t)
  const waited = await run('echo waited > waited.txt', { wait: true })
  asserts(waited.body.changes, { files: 1, added: 1, dirty_before: 1, dirty_after: 2 })
  const old = await run(`echo old > old.txt; sleep 300`)
  await until('it has worked', () => existsSync(path.join(workspace, 'old.txt')))
  const { runId } = await run('echo new > new.txt')
  asserts((await endOf(service, old.runId)).changes, { files: 1, added: 1, commits: 0 })
  asserts((await endOf(service, runId)).changes, { files: 1, added: 1, dirty_before: 3 })
  t.match(await run('exit 3', { codex_exec_startup_check_seconds: 5 }), { status: 500 })
})
