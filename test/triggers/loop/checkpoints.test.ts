import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/base/clock.ts'
import type { LookingDeps } from '../../../src/runs/changes/looking.ts'
import { createCheckpoints } from '../../../src/triggers/loop/checkpoints.ts'
import { freeDir, GIT, git, NO_GIT } from '../../helpers/git.ts'

if (NO_GIT) {
  t.plan(0, NO_GIT)
  process.exit()
}

const { signal } = new AbortController()

/** A repository with a commit, and what keeps its work tree. */
function setUp(test: Test, more: Partial<LookingDeps> = {}) {
  const dir = freeDir(test)
  const repo = path.join(dir, 'repo')
  mkdirSync(path.join(repo, 'sub'), { recursive: true })
  git(repo, 'init', '-q', '-b', 'main')
  const put = (name: string, text: string | Buffer) => writeFileSync(path.join(repo, name), text)
  put('a.txt', 'a\n')
  put('sub/b.txt', 'b\n')
  put('.gitignore', 'ignored\n')
  git(repo, 'add', '-A')
  git(repo, 'commit', '-qm', 'first')
  const told: Record<string, unknown>[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => told.push(JSON.parse(line)) })
  const own = path.join(dir, 'own')
  const deps = { dir: own, git: () => GIT, env: {}, clock: systemClock, logger, hurry: signal, ...more }
  const checkpoints = createCheckpoints(deps)
  let undos = 0
  const wanted = (name: string) => ({
    loop: 'tidy',
    workspace: repo,
    name,
    message: `round ${name}`,
  })
  return {
    dir,
    repo,
    own,
    put,
    told,
    checkpoints,
    take: (name = '1') => checkpoints.take(wanted(name), signal),
    compare: (checkpoint: string) => checkpoints.compare(wanted(''), checkpoint),
    restore: (checkpoint: string) => checkpoints.restore(wanted(`undo-${undos++}`), checkpoint),
    restoreIn: (workspace: string, checkpoint: string) =>
      checkpoints.restore({ ...wanted('undo-1'), workspace }, checkpoint),
    text: (name: string) => readFileSync(path.join(repo, name), 'utf8'),
    git: (...args: readonly string[]) => git(repo, ...args),
    /** What nothing here may change. */
    ofUser: () => ({
      index: readFileSync(path.join(repo, '.git/index')),
      head: readFileSync(path.join(repo, '.git/HEAD'), 'utf8'),
      branches: git(repo, 'for-each-ref', 'refs/heads', 'refs/stash', 'refs/tags'),
      status: git(repo, 'status', '--porcelain', '-uall'),
      config: readFileSync(path.join(repo, '.git/config'), 'utf8'),
    }),
    filesIn: (commit: string) =>
      git(repo, 'ls-tree', '-r', '-z', '--name-only', commit).split('\0').slice(0, -1),
  }
}

t.test(
  'it has all files that are not ignored, in a reference of its own; the user keeps his index',
  async (t) => {
    const { repo, own, put, take, git, ofUser, filesIn } = setUp(t)
    put('a.txt', 'staged\n')
    git('add', 'a.txt')
    put('a.txt', 'changed since\n')
    put('new\nline', 'x')
    put('ignored', 'secret')
    rmSync(path.join(repo, 'sub/b.txt'))
    symlinkSync('/etc/passwd', path.join(repo, 'out'))
    git('stash', 'create')
    const before = ofUser()
    const commit = await take('7')
    t.same(ofUser(), before)
    t.equal(git('rev-parse', 'refs/looper/loops/tidy/7'), commit)
    t.same(filesIn(commit), ['.gitignore', 'a.txt', 'new\nline', 'out'])
    t.equal(git('show', `${commit}:a.txt`), 'changed since')
    t.equal(git('show', `${commit}:out`), '/etc/passwd', 'a link is kept, not where it leads')
    t.equal(git('rev-parse', `${commit}^`), git('rev-parse', 'HEAD'))
    t.equal(git('log', '-1', '--format=%an <%ae> %s', commit), 'Looper <looper@localhost> round 7')
    t.same(git('fsck', '--full', '--no-dangling'), '')
    t.same(readdirSync(own), [], 'nothing of the work is left')
    t.same(existing(repo), [])
  },
)

/** Locks that somebody forgot. */
const existing = (repo: string) =>
  readdirSync(path.join(repo, '.git')).filter((name) => name.endsWith('.lock'))

t.test('one of the same name takes the place of the former one', async (t) => {
  const { put, take, git } = setUp(t)
  await take('1')
  put('a.txt', 'two\n')
  const second = await take('1')
  t.equal(
    git('for-each-ref', '--format=%(objectname) %(refname)', 'refs/looper'),
    `${second} refs/looper/loops/tidy/1`,
  )
})

t.test('nothing that the repository names is run, and nothing is signed', async (t) => {
  const { dir, repo, put, take, git } = setUp(t)
  const ran = path.join(dir, 'ran')
  const program = path.join(dir, 'program')
  writeFileSync(program, `#!/bin/sh\necho "$0" >>${ran}\n`)
  chmodSync(program, 0o755)
  for (const hook of [
    'pre-commit',
    'post-commit',
    'post-checkout',
    'reference-transaction',
    'post-index-change',
    'pre-auto-gc',
  ])
    symlinkSync(program, path.join(repo, '.git/hooks', hook))
  for (const [name, value] of [
    ['commit.gpgsign', 'true'],
    ['gpg.program', program],
    ['core.fsmonitor', program],
    ['filter.evil.clean', program],
    ['gc.auto', '1'],
  ])
    git('config', String(name), String(value))
  rmSync(ran, { force: true })
  put('.gitattributes', '* filter=evil\n')
  put('a.txt', 'two\n')
  const commit = await take()
  t.throws(() => readFileSync(ran), { code: 'ENOENT' })
  git('config', '--unset', 'core.fsmonitor')
  t.equal(git('show', `${commit}:a.txt`), 'two')
})

t.test(
  'a HEAD that is detached, a merge that is in progress, and a repository without a commit',
  async (t) => {
    const { dir, put, take, git, ofUser } = setUp(t)
    git('checkout', '-qb', 'other')
    put('a.txt', 'theirs\n')
    git('commit', '-qam', 'theirs')
    git('checkout', '-q', '--detach', 'main')
    put('a.txt', 'ours\n')
    git('commit', '-qam', 'ours')
    t.throws(() => git('merge', '-q', 'other'))
    const before = ofUser()
    const commit = await take()
    t.same(ofUser(), before)
    t.match(before.status, 'UU a.txt')
    t.match(git('show', `${commit}:a.txt`), /<<<<<<<.*ours.*theirs/s)
    t.equal(git('rev-parse', `${commit}^`), git('rev-parse', 'HEAD'))

    const empty = path.join(dir, 'empty')
    mkdirSync(empty)
    git('init', '-q', empty)
    writeFileSync(path.join(empty, 'x'), 'x')
    const { checkpoints } = setUp(t)
    const first = await checkpoints.take({ loop: 'tidy', workspace: empty, name: '1', message: 'm' }, signal)
    t.equal(git('-C', empty, 'rev-list', '--count', first), '1', 'it has no parent')
  },
)

t.test('locks of the user are in nobody’s way, but that of the reference itself', async (t) => {
  const { repo, take, put } = setUp(t)
  put('.git/index.lock', '')
  put('.git/HEAD.lock', '')
  await take('1')
  put('.git/refs/looper/loops/tidy/2.lock', '')
  await t.rejects(take('2'), /unable to lock|cannot lock|Unable to create/i)
  t.same(existing(repo), ['HEAD.lock', 'index.lock'], 'and it takes none away')
})

t.test('submodules, and repositories in it, stay what they are', async (t) => {
  const { dir, repo, take, git, put, filesIn } = setUp(t)
  const other = path.join(dir, 'other')
  git('clone', '-q', repo, other)
  git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other, 'module')
  git('commit', '-qm', 'module')
  git('clone', '-q', repo, path.join(repo, 'nested'))
  put('module/a.txt', 'changed within\n')
  const commit = await take()
  t.same(filesIn(commit), ['.gitignore', '.gitmodules', 'a.txt', 'module', 'sub/b.txt'])
  t.match(git('ls-tree', commit, 'module'), /^160000 commit/)
})

t.test('where there is no git or no work tree, or not all of it can be kept, that is said', async (t) => {
  const { dir, repo, put, take, git, checkpoints } = setUp(t)
  const elsewhere = (workspace: string) =>
    checkpoints.take({ loop: 'tidy', workspace, name: '1', message: 'm' }, signal)
  await t.rejects(elsewhere(dir), /lies in no git work tree/)
  const bare = path.join(dir, 'bare')
  git('clone', '-q', '--bare', repo, bare)
  await t.rejects(elsewhere(bare), /lies in no git work tree/)
  await t.rejects(setUp(t, { git: () => null }).take(), /there is no git on PATH/)
  put('huge', '')
  truncateSync(path.join(repo, 'huge'), 257 * 1_048_576)
  await t.rejects(take(), /^1 file cannot be kept: more than 256 MiB .* belongs in \.gitignore/)
  t.equal(git('for-each-ref', 'refs/looper'), '')
})

t.test('what is given up leaves nothing at work', async (t) => {
  const { own, checkpoints, repo } = setUp(t)
  const given = AbortSignal.abort(new Error('stopped'))
  await t.rejects(
    checkpoints.take({ loop: 'tidy', workspace: repo, name: '1', message: 'm' }, given),
    /stopped/,
  )
  t.same(readdirSync(own), [])
})

t.test('the newest 500 of a loop are kept, and those of others', async (t) => {
  const { take, git, repo, told, put } = setUp(t)
  const head = git('rev-parse', 'HEAD')
  const names = Array.from({ length: 510 }, (_, at) => `refs/looper/loops/tidy/${at + 1}`)
  writeFileSync(
    path.join(repo, '.git/packed-refs'),
    ['refs/looper/loops/other/1', ...names]
      .sort()
      .map((name) => `${head} ${name}\n`)
      .join(''),
  )
  put('.git/packed-refs.lock', '')
  await take('511')
  t.match(told, [{ msg: 'loop.checkpoint.prune.fail', loop: 'tidy', error: /packed-refs/ }], 'later, then')
  rmSync(path.join(repo, '.git/packed-refs.lock'))
  const newest = await take('512')
  const left = git('for-each-ref', '--format=%(refname)', 'refs/looper/loops/tidy/').split('\n')
  t.equal(left.length, 500)
  t.equal(git('rev-parse', 'refs/looper/loops/tidy/512'), newest)
  t.equal(git('rev-parse', 'refs/looper/loops/other/1'), head)
})

/** What of its user's a restore changes nothing of. */
const kept = ({ index, head, branches }: { index: Buffer; head: string; branches: string }) => ({
  index,
  head,
  branches,
})

t.test(
  'the files come back as they were, what was there can be brought back, too, and ignored ones stay',
  async (t) => {
    const { repo, put, take, git, ofUser, text, restore, compare, own } = setUp(t)
    put('a.txt', 'one\n')
    put('new\nline', 'one')
    put('run.sh', 'one')
    chmodSync(path.join(repo, 'run.sh'), 0o755)
    symlinkSync('/etc/passwd', path.join(repo, 'out'))
    put('ignored', 'one')
    const first = await take('1')
    put('a.txt', 'staged\n')
    git('add', 'a.txt')
    put('a.txt', 'two\n')
    put('later.txt', 'two')
    put('ignored', 'two')
    rmSync(path.join(repo, 'new\nline'))
    rmSync(path.join(repo, 'sub'), { recursive: true })
    chmodSync(path.join(repo, 'run.sh'), 0o644)
    rmSync(path.join(repo, 'out'))
    mkdirSync(path.join(repo, 'out'))
    put('out/file', 'two')
    const changes = [
      { name: 'a.txt', change: 'changed' },
      { name: 'later.txt', change: 'removed' },
      { name: 'new\nline', change: 'added' },
      { name: 'out', change: 'added' },
      { name: 'out/file', change: 'removed' },
      { name: 'run.sh', change: 'changed' },
      { name: 'sub/b.txt', change: 'added' },
    ]
    const before = ofUser()
    t.same(await compare(first), changes)
    t.equal(text('a.txt'), 'two\n', 'to compare does nothing')
    const restored = await restore(first)
    t.same(restored.changes, changes)
    t.same(kept(ofUser()), kept(before))
    t.same(['a.txt', 'new\nline', 'run.sh', 'sub/b.txt', 'ignored'].map(text), [
      'one\n',
      'one',
      'one',
      'b\n',
      'two',
    ])
    t.equal(readlinkSync(path.join(repo, 'out')), '/etc/passwd')
    t.ok(statSync(path.join(repo, 'run.sh')).mode & 0o100)
    t.notOk(existsSync(path.join(repo, 'later.txt')))
    t.equal(git('log', '-1', '--format=%s', restored.undo), 'round undo-0')
    t.same((await restore(restored.undo)).changes.length, 7)
    t.equal(ofUser().status, before.status, 'as if nothing had been')
    t.same(await compare(restored.undo), [])
    t.same(readdirSync(own), [])
  },
)

t.test('what is ignored by now, and lies where files were, is kept before it goes', async (t) => {
  const { repo, put, take, text, restore } = setUp(t)
  put('notes', 'one')
  put('build', 'a file')
  mkdirSync(path.join(repo, 'made/deep'), { recursive: true })
  put('made/deep/x', 'one')
  put('made/deep/y', 'one')
  put('sub/more', 'one')
  put('sub/yet', 'one')
  const first = await take('1')
  rmSync(path.join(repo, 'sub/more'))
  rmSync(path.join(repo, 'sub/yet'))
  put('.gitignore', 'ignored\nnotes\nbuild\nmade\n')
  put('notes', 'two')
  rmSync(path.join(repo, 'build'))
  mkdirSync(path.join(repo, 'build/deep'), { recursive: true })
  put('build/deep/x', 'two')
  put('build/y', 'two')
  rmSync(path.join(repo, 'made'), { recursive: true })
  put('made', 'two')
  const { undo } = await restore(first)
  const names = ['notes', 'build', 'made/deep/x', 'made/deep/y', 'sub/more', 'sub/yet']
  t.same(names.map(text), ['one', 'a file', 'one', 'one', 'one', 'one'])
  await restore(undo)
  t.same(['notes', 'build/deep/x', 'build/y', 'made'].map(text), ['two', 'two', 'two', 'two'])
})

t.test('nothing is written through a link', async (t) => {
  const { dir, repo, take, restore } = setUp(t)
  const first = await take('1')
  const elsewhere = path.join(dir, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(path.join(elsewhere, 'b.txt'), 'theirs')
  rmSync(path.join(repo, 'sub'), { recursive: true })
  symlinkSync(elsewhere, path.join(repo, 'sub'))
  await restore(first)
  t.equal(readFileSync(path.join(elsewhere, 'b.txt'), 'utf8'), 'theirs')
  t.equal(readFileSync(path.join(repo, 'sub/b.txt'), 'utf8'), 'b\n')
  t.notOk(lstatSync(path.join(repo, 'sub')).isSymbolicLink())
})

t.test('a merge that is in progress, and a HEAD that is detached, stay so', async (t) => {
  const { put, take, git, ofUser, text, restore } = setUp(t)
  git('checkout', '-qb', 'other')
  put('a.txt', 'theirs\n')
  git('commit', '-qam', 'theirs')
  git('checkout', '-q', '--detach', 'main')
  put('a.txt', 'ours\n')
  git('commit', '-qam', 'ours')
  const first = await take('1')
  t.throws(() => git('merge', '-q', 'other'))
  const before = ofUser()
  const { undo } = await restore(first)
  t.equal(text('a.txt'), 'ours\n')
  t.same(kept(ofUser()), kept(before))
  t.match(git('status'), /You have unmerged paths/)
  await restore(undo)
  t.equal(ofUser().status, before.status)
})

t.test('what is no checkpoint of the loop, or would be lost, is refused, and nothing changes', async (t) => {
  const { repo, put, take, git, text, restore, compare } = setUp(t)
  put('nested', 'a file')
  const first = await take('1')
  await t.rejects(restore(git('rev-parse', 'HEAD')), { code: 'LOOPER_CHECKPOINT_NOT_FOUND' })
  await t.rejects(compare('0'.repeat(40)), { code: 'LOOPER_CHECKPOINT_NOT_FOUND' })
  put('a.txt', 'two\n')
  rmSync(path.join(repo, 'nested'))
  git('clone', '-q', repo, path.join(repo, 'nested'))
  await t.rejects(restore(first), /nested/)
  t.equal(text('a.txt'), 'two\n')
  rmSync(path.join(repo, 'nested'), { recursive: true })
  mkdirSync(path.join(repo, 'nested'))
  put('.gitignore', 'nested')
  for (let at = 0; at <= 20_000; at++) put(`nested/${at}`, '')
  await t.rejects(restore(first), /too many ignored files/)
  t.equal(text('a.txt'), 'two\n')
})

t.test('a submodule where a file was is in the way', async (t) => {
  const { dir, repo, put, take, git, text, restore } = setUp(t)
  put('module', 'a file')
  const first = await take('1')
  rmSync(path.join(repo, 'module'))
  const other = path.join(dir, 'other')
  git('clone', '-q', repo, other)
  git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other, 'module')
  put('a.txt', 'two\n')
  await t.rejects(restore(first), /^module is a repository, and there was a file: move it away first/)
  t.same([text('a.txt'), text('module/a.txt')], ['two\n', 'a\n'])
})

t.test('more changes than can be looked through are refused', async (t) => {
  const { dir, repo, take } = setUp(t)
  const program = path.join(dir, 'git')
  const script = `#!/bin/sh\ncase " $* " in *" diff-index "*) exec head -c 9000000 /dev/zero;; esac\nexec '${GIT}' "$@"\n`
  writeFileSync(program, script)
  chmodSync(program, 0o755)
  const first = await take('1')
  const { restoreIn } = setUp(t, { git: () => program })
  await t.rejects(restoreIn(repo, first), /too many files differ/)
})

t.test('a restore that git gives up says what brings back what was there', async (t) => {
  const { dir, put, take, text } = setUp(t)
  const program = path.join(dir, 'git')
  const script = `#!/bin/sh\ncase " $* " in *" read-tree "*) echo "no space left" >&2; exit 1;; esac\nexec '${GIT}' "$@"\n`
  writeFileSync(program, script)
  chmodSync(program, 0o755)
  const first = await take('1')
  put('a.txt', 'two\n')
  const { restoreIn } = setUp(t, { git: () => program })
  await t.rejects(
    restoreIn(path.join(dir, 'repo'), first),
    /no space left \(the checkpoint [0-9a-f]{40} is what was there before\)/,
  )
  t.equal(text('a.txt'), 'two\n')
})
