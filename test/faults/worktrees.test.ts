import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { Value } from 'typebox/value'
import { DiskAnswer } from '../../src/disk/schemas.ts'
import { verifyLogPathOf } from '../../src/logs/verify-log.ts'
import { endOf, killService, recordOf, setUpFault } from '../helpers/fault-service.ts'
import { AS_SOMEBODY, git, NO_GIT } from '../helpers/git.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux' || NO_GIT) {
  t.plan(0, NO_GIT || 'runs are counted in /proc')
  process.exit()
}

/** A service whose workspace is a repository with a commit, in which a person has begun something. */
async function setUp(test: Test, settings: NodeJS.ProcessEnv = {}) {
  const set = await setUpFault(test, settings)
  const { workspace, logDir } = set
  git(workspace, 'init', '-q', '-b', 'main')
  writeFileSync(path.join(workspace, 'a.txt'), 'one\n')
  git(workspace, 'add', '.')
  git(workspace, 'commit', '-qm', 'first')
  writeFileSync(path.join(workspace, 'mine.txt'), 'mine\n')
  const gate = path.join(set.dir, 'gate')
  return {
    ...set,
    gate: `until [ -e ${gate} ]; do sleep 0.05; done`,
    open: () => writeFileSync(gate, ''),
    kept: () => readdirSync(path.join(logDir, 'worktrees')),
    branches: () => git(workspace, 'branch', '--format=%(refname:short)').split('\n'),
  }
}

const ISOLATED = { isolate: 'worktree' }

t.test(
  'a run works, and is checked, in a work tree of its own, which is kept where it did something',
  async (t) => {
    const set = await setUp(t, { LOOPER_ALLOWED_EXECUTABLES: '/bin/sh' })
    const { service, run, workspace, kept, branches } = set
    const verify = `/bin/sh -c 'pwd; test -e new.txt'`
    const { runId, log, body } = await run('pwd; echo new > new.txt', { ...ISOLATED, verify, wait: true })
    t.match(body, { ok: true, verdict: 'verified' })
    const { worktree } = await recordOf(service, runId)
    t.match(worktree, { branch: `looper/${runId}`, kept: true })
    const lines = textOf(log).split('\n')
    t.ok(lines.includes(String(worktree?.path)), 'the agent was there')
    t.ok(lines.includes(`# workspace=${worktree?.path}`))
    t.match(textOf(verifyLogPathOf(log)), String(worktree?.path))
    t.ok(existsSync(path.join(String(worktree?.path), 'new.txt')))
    t.notOk(existsSync(path.join(workspace, 'new.txt')), 'and nobody else is disturbed')
    t.notOk(existsSync(path.join(String(worktree?.path), 'mine.txt')))

    const idle = await run('true', { ...ISOLATED, wait: true })
    t.match(await recordOf(service, idle.runId), { worktree: { kept: false } })
    t.strictSame([kept(), branches()], [[runId], [`looper/${runId}`, 'main']])
    const { sources } = Value.Parse(DiskAnswer, await (await fetch(`${service.url}/disk`)).json())
    const worktrees = sources.find(({ name }) => name === 'worktrees')
    t.match(worktrees, { kept: [{ reason: 'unmerged', count: 1 }] })
  },
)

t.test('runs that are kept apart work side by side, also with one that is not', async (t) => {
  const { service, run, gate, open, kept } = await setUp(t)
  const work = [{}, { ...ISOLATED, slot: 'b' }, { ...ISOLATED, slot: 'c' }].map((more) => run(gate, more))
  const runs = await Promise.all(work)
  t.strictSame(
    runs.map(({ status }) => status),
    [200, 200, 200],
  )
  t.match(await run('true', { slot: 'd' }), { status: 409, body: { code: 'LOOPER_WORKSPACE_BUSY' } })
  t.equal(kept().length, 2)
  open()
  for (const { runId } of runs) await endOf(service, runId)
  t.strictSame(kept(), [])
})

t.test('where none can be made, nothing is announced or stopped', async (t) => {
  const { run, zulip, dir } = await setUp(t)
  const other = path.join(dir, 'logs')
  const refused = { status: 400, body: { code: 'LOOPER_ISOLATE_REFUSED', error: /lies in no git work tree/ } }
  t.match(await run('true', { ...ISOLATED, workspace: other }), refused)
  t.strictSame(zulip.messages, [])
  t.match(await run('true', { isolate: 'container' }), { status: 400 })
})

t.test('a service that is killed settles what its runs leave when it is there again', async (t) => {
  const { run, service, restart, gate, open, kept, branches, zulip } = await setUp(t)
  const work = `${AS_SOMEBODY} echo two >> a.txt; git commit -qam more`
  const one = await run(`${gate}`, ISOLATED)
  const two = await run(`${work}; ${gate}`, { ...ISOLATED, slot: 'b' })
  await until('it has worked', async () => {
    const { worktree } = await recordOf(service, two.runId)
    return git(String(worktree?.path), 'rev-list', '--count', 'HEAD') === '2'
  })
  await killService(service)
  open()
  await until('both have ended', () =>
    [one, two].every(({ log }) => textOf(log).includes('codex_exec_return_code')),
  )
  let next = await restart()
  t.match(await endOf(next, one.runId), { outcome: 'exited', worktree: { kept: false } })
  t.match(await endOf(next, two.runId), { outcome: 'exited', worktree: { kept: true } })
  t.strictSame([kept(), branches()], [[two.runId], [`looper/${two.runId}`, 'main']])

  // The service dies while the next one is announced, and while it works.
  const hangs = new Promise<void>((resolve) => zulip.interrupt(() => resolve()))
  void run('true', ISOLATED, next).catch(() => undefined)
  await hangs
  await killService(next)
  next = await restart()
  t.strictSame(kept(), [two.runId])
  const three = await run('sleep 300', ISOLATED, next)
  await killService(next)
  next = await restart()
  t.ok(kept().includes(three.runId), 'it lives, and works there on')
  await fetch(`${next.url}/runs/${three.runId}/stop`, { method: 'POST' })
  t.match(await recordOf(next, three.runId), { outcome: 'stopped', worktree: { kept: false } })
  t.strictSame(kept(), [two.runId])
})
