import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/base/clock.ts'
import type { Worktree } from '../../../src/record/worktree.ts'
import type { LookingDeps } from '../../../src/runs/changes/looking.ts'
import { createWorktrees } from '../../../src/runs/worktrees/worktrees.ts'
import { freeDir, GIT, git, NO_GIT } from '../../helpers/git.ts'
import { PROJECT, textOf, until } from '../../helpers/service.ts'

if (NO_GIT) {
  t.plan(0, NO_GIT)
  process.exit()
}

/** A repository with a commit, and what makes work trees of it. */
function setUp(test: Test, more: Partial<LookingDeps> = {}) {
  const dir = freeDir(test)
  const repo = path.join(dir, 'repo')
  const own = path.join(dir, 'own')
  mkdirSync(path.join(repo, 'sub'), { recursive: true })
  git(repo, 'init', '-q', '-b', 'main')
  const put = (name: string, text: string, where = repo) => writeFileSync(path.join(where, name), text)
  put('a.txt', 'one\n')
  put('sub/c.txt', 'c\n')
  put('.gitignore', 'ignored\n')
  git(repo, 'add', '-A')
  git(repo, 'commit', '-qm', 'first')
  const told: Record<string, unknown>[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => told.push(JSON.parse(line)) })
  const { signal: hurry } = new AbortController()
  const deps: LookingDeps = {
    dir: own,
    git: () => GIT,
    env: {},
    clock: systemClock,
    logger,
    hurry,
    ...more,
  }
  const worktrees = createWorktrees(deps)
  return {
    dir,
    repo,
    own,
    put,
    told,
    deps,
    worktrees,
    open: (workspace = repo) => worktrees.open(randomUUID(), workspace, null),
    /** What there is of work trees: in the repository, its branches, and Looper's own directory. */
    left: () => ({
      trees: git(repo, 'worktree', 'list', '--porcelain').match(/^worktree /gm)?.length,
      branches: git(repo, 'branch', '--format=%(refname:short)').split('\n'),
      own: existsSync(own) ? readdirSync(own) : [],
      admin: existsSync(path.join(repo, '.git/worktrees'))
        ? readdirSync(path.join(repo, '.git/worktrees'))
        : [],
    }),
  }
}

const NOTHING = { trees: 1, branches: ['main'], own: [], admin: [] }

t.test(
  'a run gets a work tree and a branch of its own, locked, with the commit that is checked out',
  async (t) => {
    const { repo, put, worktrees, open, left } = setUp(t)
    put('a.txt', 'not committed\n')
    const one = await open(path.join(repo, 'sub'))
    t.match(one, { branch: `looper/${one.id}`, workspace: /\/sub$/, kept: null })
    t.equal(readFileSync(path.join(one.workspace, '../a.txt'), 'utf8'), 'one\n')
    t.equal(git(one.workspace, 'status', '--porcelain'), '', 'it is clean, for everybody')
    t.equal(git(one.workspace, 'rev-parse', '--abbrev-ref', 'HEAD'), one.branch)
    t.match(git(repo, 'worktree', 'list', '--porcelain'), /^locked a run of Looper works in it$/m)
    const other = await open()
    t.not(other.workspace, one.workspace, 'as many as there are runs')
    writeFileSync(path.join(one.workspace, '../ignored'), 'x')
    t.match(await worktrees.settle(one), { kept: false })
    t.match(await worktrees.settle(other), { kept: false })
    t.strictSame(left(), NOTHING, 'where nothing would be lost, nothing is left')
    t.match(await worktrees.settle(one), { kept: false }, 'also where it is gone')
  },
)

t.test('what would be lost is kept, unlocked, until it is somewhere else', async (t) => {
  const { repo, worktrees, open, left, deps } = setUp(t)
  const dirty = await open()
  writeFileSync(path.join(dirty.workspace, 'new.txt'), 'x\n')
  t.match(await worktrees.settle(dirty), { kept: true })
  const ahead = await open()
  writeFileSync(path.join(ahead.workspace, 'a.txt'), 'two\n')
  git(ahead.workspace, 'commit', '-qam', 'second')
  t.match(await worktrees.settle(ahead), { kept: true })
  const detached = await open()
  git(detached.workspace, 'checkout', '-q', '--detach')
  git(detached.workspace, 'commit', '-q', '--allow-empty', '-m', 'third')
  t.match(await worktrees.settle(detached), { kept: true })
  t.notMatch(git(repo, 'worktree', 'list', '--porcelain'), /^locked/m)
  t.match(left(), { trees: 4, own: { length: 3 } })

  git(repo, 'merge', '-q', ahead.branch)
  git(repo, 'tag', 'found', git(detached.workspace, 'rev-parse', 'HEAD'))
  const next = createWorktrees(deps)
  await next.sweep((id) => id === ahead.id)
  t.strictSame(left().own.sort(), [dirty.id, ahead.id].sort(), 'of a run that lives nothing is touched')
  await next.sweep(() => false)
  t.strictSame(left().own, [dirty.id])
  rmSync(path.join(dirty.workspace, 'new.txt'))
  await next.sweep(() => false)
  t.strictSame(left(), NOTHING)
})

t.test('a run that goes on in a session goes on in its work tree', async (t) => {
  const { repo, worktrees, open, left } = setUp(t)
  const first = await open()
  writeFileSync(path.join(first.workspace, 'new.txt'), 'x\n')
  const kept = await worktrees.settle(first)
  const again = await worktrees.open(randomUUID(), repo, kept)
  t.strictSame(again, first)
  t.match(git(repo, 'worktree', 'list', '--porcelain'), /^locked/m)
  rmSync(path.join(first.workspace, 'new.txt'))
  t.match(await worktrees.settle(again), { kept: false })
  const anew = await worktrees.open(randomUUID(), repo, kept)
  t.strictSame(anew, first, 'where it was removed, it is made again at its place')

  writeFileSync(path.join(anew.workspace, 'a.txt'), 'two\n')
  git(anew.workspace, 'commit', '-qam', 'second')
  await worktrees.settle(anew)
  git(repo, 'worktree', 'remove', '--force', anew.workspace)
  const failed = worktrees.open(randomUUID(), repo, anew)
  await t.rejects(failed, { code: 'LOOPER_WORKTREE_FAILED', message: /there are commits on its branch/ })
  t.match(
    left(),
    { trees: 1, branches: [anew.branch, 'main'] },
    'commits of which only the branch knows stay',
  )
  git(repo, 'branch', '-D', anew.branch)
  await worktrees.sweep(() => false)
  t.strictSame(left(), NOTHING)
})

t.test('a workspace of which none can be made is refused, and says why', async (t) => {
  const { dir, repo, worktrees, deps } = setUp(t)
  const refused = async (workspace: string, why: RegExp, from = worktrees) =>
    t.rejects(from.assertPossible(workspace), { code: 'LOOPER_ISOLATE_REFUSED', message: why })
  await worktrees.assertPossible(path.join(repo, 'sub'))
  await Promise.all([worktrees.assertPossible(repo), worktrees.assertPossible(repo)])
  await refused(dir, /lies in no git work tree/)
  mkdirSync(path.join(dir, 'bare'))
  git(path.join(dir, 'bare'), 'init', '-q', '--bare')
  await refused(path.join(dir, 'bare'), /lies in no git work tree/)
  mkdirSync(path.join(dir, 'unborn'))
  git(path.join(dir, 'unborn'), 'init', '-q')
  await refused(path.join(dir, 'unborn'), /has no commit yet/)
  await refused(repo, /there is no git on PATH/, createWorktrees({ ...deps, git: () => null }))
})

t.test('what was given up is waited for until nothing of it is at work', async (t) => {
  const { dir, repo, deps } = setUp(t)
  const program = path.join(dir, 'slow-git')
  const pids = path.join(dir, 'pids')
  writeFileSync(program, `#!/bin/sh\necho $$ > ${pids}\nsleep 300\n`, { mode: 0o755 })
  const hurry = new AbortController()
  const worktrees = createWorktrees({ ...deps, git: () => program, hurry: hurry.signal })
  const opened = worktrees.open(randomUUID(), repo, null)
  await until('git is at work', () => textOf(pids).endsWith('\n'))
  hurry.abort()
  await t.rejects(opened, { message: /the service ends/ })
  await worktrees.settled()
  const stat = spawnSync('ps', ['-o', 'stat=', '-p', textOf(pids).trim()], { encoding: 'utf8' }).stdout.trim()
  t.match(stat, /^(Z.*)?$/, 'git is gone')
})

t.test('nothing of the repository is run, and no link leads out', async (t) => {
  const { dir, repo, put, open, worktrees, left, own } = setUp(t)
  const ran = path.join(dir, 'ran')
  const evil = path.join(dir, 'evil')
  writeFileSync(evil, `#!/bin/sh\necho "$0 $@" >> ${ran}\ncat\n`, { mode: 0o755 })
  put('.gitattributes', '* filter=evil diff=evil text=auto\n')
  git(repo, 'add', '-A')
  git(repo, 'commit', '-qm', 'attributes')
  for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-auto-gc'])
    writeFileSync(path.join(repo, '.git/hooks', hook), `#!/bin/sh\n${evil} ${hook}\n`, { mode: 0o755 })
  const config = path.join(repo, '.git/config')
  const before = readFileSync(config, 'utf8')
  writeFileSync(
    config,
    `${before}[core]\n\tfsmonitor = ${evil}\n\thooksPath = ${repo}/.git/hooks\n\tsshCommand = ${evil}\n` +
      `[filter "evil"]\n\tsmudge = ${evil}\n\tclean = ${evil}\n\tprocess = ${evil}\n\trequired = true\n` +
      `[diff "evil"]\n\ttextconv = ${evil}\n\tcommand = ${evil}\n[alias]\n\tworktree = !${evil}\n\tbranch = !${evil}\n` +
      `[gpg]\n\tprogram = ${evil}\n[core]\n\teditor = ${evil}\n\tpager = ${evil}\n`,
  )
  const one = await open()
  t.equal(readFileSync(path.join(one.workspace, 'a.txt'), 'utf8'), 'one\n')
  t.match(await worktrees.settle(one), { kept: false })
  const two = await open()
  writeFileSync(path.join(two.workspace, 'a.txt'), 'two\n')
  t.match(await worktrees.settle(two), { kept: true })
  t.notOk(existsSync(ran), existsSync(ran) ? readFileSync(ran, 'utf8') : '')
  writeFileSync(config, before)
  git(repo, 'worktree', 'remove', '-f', two.workspace)
  await worktrees.sweep(() => false)
  t.strictSame(left(), NOTHING)

  rmSync(path.join(repo, '.gitattributes'))
  renameSync(path.join(repo, 'sub'), path.join(repo, 'real'))
  symlinkSync(dir, path.join(repo, 'sub'))
  git(repo, 'add', '-A')
  git(repo, '-c', 'core.hooksPath=/dev/null', 'commit', '-qm', 'a link')
  rmSync(path.join(repo, 'sub'))
  mkdirSync(path.join(repo, 'sub'))
  await t.rejects(open(path.join(repo, 'sub')), { message: /sub leads out of the work tree/ })
  t.strictSame(readdirSync(own), [])
})

t.test('where git cannot say, all is kept, and told', async (t) => {
  const { dir, repo, worktrees, open, told, own } = setUp(t)
  const one = await open()
  renameSync(repo, path.join(dir, 'elsewhere'))
  t.match(await worktrees.settle(one), { kept: true })
  t.match(told.at(-1), { msg: 'run.worktree.fail', worktree: path.join(own, one.id) })
  renameSync(path.join(dir, 'elsewhere'), repo)
  const odd = path.join(own, randomUUID())
  mkdirSync(path.join(odd, 'owner.json'), { recursive: true })
  await worktrees.sweep(() => false)
  t.match(told.at(-1), { msg: 'run.worktree.fail', worktree: odd, error: /EISDIR/ })
  rmSync(odd, { recursive: true })
  mkdirSync(path.join(own, 'mine'))
  await worktrees.sweep(() => false)
  t.strictSame(readdirSync(own), ['mine'], 'what is none is not touched')
})

t.test('a directory that cannot be read is told', async (t) => {
  const { own, worktrees, told } = setUp(t)
  writeFileSync(own, '')
  await worktrees.sweep(() => false)
  t.strictSame(told, [], 'a file has none')
  rmSync(own)
  symlinkSync('own', own)
  await worktrees.sweep(() => false)
  t.match(told.at(-1), { msg: 'run.worktree.fail', error: /ELOOP/ })
})

t.test('a service that is killed at any step leaves nothing', async (t) => {
  const { dir, repo, own, left, deps } = setUp(t)
  const program = path.join(dir, 'git')
  const count = path.join(dir, 'count')
  const over = path.join(dir, 'over')
  const life = path.join(PROJECT, 'test/fixtures/worktree-life.ts')
  let steps = 0
  for (const moment of ['before', 'after']) {
    for (let step = 1; ; step++) {
      const die = (when: string) => (when === moment ? `[ "$n" = ${step} ] && kill -9 $PPID` : ':')
      writeFileSync(
        program,
        `#!/bin/sh\necho >> ${count}; n=$(wc -l < ${count}); ${die('before')}\n${GIT} "$@"; c=$?; echo >> ${over}; ${die('after')}; exit $c\n`,
        { mode: 0o755 },
      )
      for (const file of [count, over]) writeFileSync(file, '')
      const { signal } = spawnSync(process.execPath, [life, own, program, repo, randomUUID()])
      if (signal === null) break
      steps++
      // What it was about to do, git may still be at.
      await until('git has ended', () => textOf(over).length === textOf(count).length)
      await createWorktrees(deps).sweep(() => false)
      t.strictSame(left(), NOTHING, `${moment} step ${step}`)
    }
  }
  t.ok(steps >= 10, `${steps} steps`)
  // Between them, by hand: what there is then.
  const worktrees = createWorktrees(deps)
  const broken = async (what: string, work: (one: Worktree, home: string) => void) => {
    const one = await worktrees.open(randomUUID(), repo, null)
    work(one, path.join(own, one.id))
    await createWorktrees(deps).sweep(() => false)
    t.strictSame(left(), NOTHING, what)
  }
  await broken('its tree is gone', (one) => rmSync(one.workspace, { recursive: true }))
  await broken('so is its place in the repository', (one) => {
    rmSync(one.workspace, { recursive: true })
    rmSync(path.join(repo, '.git/worktrees', path.basename(one.workspace)), { recursive: true })
  })
  await broken('so is its branch', (one) => git(repo, 'worktree', 'remove', '-ff', one.workspace))
  mkdirSync(path.join(own, randomUUID()))
  await createWorktrees(deps).sweep(() => false)
  t.strictSame(left(), NOTHING, 'it was only begun')
})
