import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/base/clock.ts'
import { type ChangesDeps, createChanges } from '../../../src/runs/changes/changes.ts'
import { findGit } from '../../../src/runs/changes/find-git.ts'
import { gitAt } from '../../../src/runs/changes/git.ts'
import { freeDir, GIT, git, NO_GIT } from '../../helpers/git.ts'

if (NO_GIT) {
  t.plan(0, NO_GIT)
  process.exit()
}

/** Longer than any look takes on a busy machine. */
const PATIENT = { beforeMs: 60_000, afterMs: 60_000, nowMs: 60_000 }

/** A repository with a commit, and what looks at it. */
function setUp(test: Test, more: Partial<Pick<ChangesDeps, 'git' | 'env' | 'limits' | 'hurry'>> = {}) {
  const dir = freeDir(test)
  const repo = path.join(dir, 'repo')
  mkdirSync(path.join(repo, 'sub'), { recursive: true })
  git(repo, 'init', '-q', '-b', 'main')
  const put = (name: string, text: string | Buffer) => writeFileSync(path.join(repo, name), text)
  put('a.txt', 'one\ntwo\nthree\n')
  put('b.txt', 'b\n')
  put('sub/c.txt', 'c\n')
  put('.gitignore', 'ignored\n')
  const commit = (message = 'more') => {
    git(repo, 'add', '-A')
    git(repo, 'commit', '-qm', message)
  }
  commit('first')
  const told: Record<string, unknown>[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => told.push(JSON.parse(line)) })
  const kept = path.join(dir, 'kept')
  const { signal: hurry } = new AbortController()
  const deps = {
    dir: kept,
    git: () => GIT,
    env: {},
    clock: systemClock,
    logger,
    hurry,
    limits: PATIENT,
    ...more,
  }
  const changes = createChanges(deps)
  const logPath = path.join(dir, 'run.log')
  return {
    dir,
    repo,
    put,
    commit,
    told,
    kept,
    changes,
    deps,
    logPath,
    /** What work in the repository changes. */
    async around(work: () => unknown, workspace = repo) {
      const before = await changes.before('run', workspace)
      if (before === null) throw new Error(`nothing was seen before: ${JSON.stringify(told)}`)
      await work()
      const changed = await changes.after('run', before, logPath)
      const diff = existsSync(`${logPath}.diff`) ? readFileSync(`${logPath}.diff`, 'utf8') : ''
      return { before, changed, diff }
    },
  }
}

/** Everything in a directory: names, kinds, times and contents. */
function traces(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const stats = lstatSync(path.join(dir, name))
      return [name, stats.mode, stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino].join(' ')
    })
}

t.test('commits and lines are counted, committed or not, and untracked files', async (t) => {
  const { repo, put, commit, around, kept } = setUp(t)
  const head = git(repo, 'rev-parse', 'HEAD')
  const { changed, diff } = await around(
    () => {
      put('a.txt', 'one\nTWO\nthree\nfour\n')
      commit()
      rmSync(path.join(repo, 'b.txt'))
      commit()
      put('new.txt', 'x\ny\n')
      put('ignored', 'nobody looks')
    },
    path.join(repo, 'sub'),
  )
  t.strictSame(changed, {
    headBefore: head,
    headAfter: git(repo, 'rev-parse', 'HEAD'),
    commits: 2,
    files: 3,
    added: 4,
    removed: 2,
    dirtyBefore: 0,
    dirtyAfter: 1,
    leftOut: 0,
    isDiffCut: false,
  })
  t.match(diff, /^diff --git a\/a.txt b\/a.txt\n/)
  t.match(diff, '+TWO')
  t.match(diff, 'deleted file mode')
  t.match(diff, '+++ b/new.txt')
  t.notMatch(diff, 'nobody looks')
  t.strictSame(readdirSync(kept), [], 'nothing is kept but the diff')
  git(repo, 'stash', '-qu')
  git(repo, 'reset', '-q', '--hard', head)
  writeFileSync(path.join(repo, '..', 'it.diff'), diff)
  git(repo, 'apply', '../it.diff')
  t.equal(readFileSync(path.join(repo, 'a.txt'), 'utf8'), 'one\nTWO\nthree\nfour\n', 'it can be applied')
})

t.test('what was dirty before and is the same does not count, and the rest counts from there', async (t) => {
  const { put, repo, around } = setUp(t)
  put('a.txt', 'one\ntwo\nthree\nmine\n')
  put('mine.txt', 'mine\n')
  put('both.txt', 'mine\n')
  rmSync(path.join(repo, 'b.txt'))
  const nothing = await around(() => undefined)
  t.match(nothing.changed, { commits: 0, files: 0, added: 0, removed: 0, dirtyBefore: 4, dirtyAfter: 4 })
  t.equal(nothing.diff, '')
  const { changed, diff } = await around(() => put('both.txt', 'mine\nits\n'))
  t.match(changed, { files: 1, added: 1, removed: 0 })
  t.notMatch(diff, 'mine.txt')
  t.match(diff, '+its\n')
  const undone = await around(() => git(repo, 'checkout', '-q', 'a.txt'))
  t.match(undone.changed, { files: 1, added: 0, removed: 1, dirtyAfter: 3 })
})

t.test('a clean work tree that stays so is told as such', async (t) => {
  const { around } = setUp(t)
  t.match((await around(() => undefined)).changed, { commits: 0, files: 0, dirtyBefore: 0, dirtyAfter: 0 })
})

t.test('links, renames, modes, binary files and odd names are seen', async (t) => {
  const { put, repo, commit, around } = setUp(t)
  put('kept.txt', '1\n2\n3\n4\n5\n6\n')
  commit()
  const odd = Buffer.from([0x6f, 0xff, 0x64])
  const { changed, diff } = await around(() => {
    renameSync(path.join(repo, 'kept.txt'), path.join(repo, 'moved.txt'))
    symlinkSync('/etc/passwd', path.join(repo, 'link'))
    chmodSync(path.join(repo, 'b.txt'), 0o755)
    put('nul.bin', Buffer.from([0, 1, 2]))
    put('tab\tand "quotes"', 'x\n')
    writeFileSync(Buffer.concat([Buffer.from(`${repo}/`), odd]), 'y\n')
    rmSync(path.join(repo, 'sub'), { recursive: true })
    symlinkSync('/etc', path.join(repo, 'sub'))
    rmSync(path.join(repo, 'a.txt'))
    mkdirSync(path.join(repo, 'a.txt'))
    put('a.txt/inner', 'z\n')
  })
  t.match(changed, { leftOut: 0, commits: 0 })
  t.match(diff, 'rename from kept.txt')
  t.match(diff, /new file mode 120000[\s\S]*\+\/etc\/passwd\n/)
  t.match(diff, 'new mode 100755')
  t.match(diff, 'Binary files /dev/null and b/nul.bin differ')
  t.match(diff, 'b/tab\\tand \\"quotes\\"')
  t.match(diff, '+y\n')
  t.match(diff, 'b/a.txt/inner')
  t.notMatch(diff, 'root:', 'no link is followed')
})

t.test('a repository without a commit, and its first one', async (t) => {
  const { repo, commit, put, around } = setUp(t)
  rmSync(path.join(repo, '.git'), { recursive: true })
  git(repo, 'init', '-q')
  const { changed } = await around(() => put('more', 'x\n'))
  t.match(changed, { headBefore: null, headAfter: null, commits: 0, files: 1, added: 1, dirtyBefore: 4 })
  t.match((await around(() => commit())).changed, { headBefore: null, commits: 1, files: 0 })
  rmSync(path.join(repo, '.git'), { recursive: true })
  for (const name of ['a.txt', 'b.txt', '.gitignore', 'sub', 'more'])
    rmSync(path.join(repo, name), { recursive: true })
  git(repo, 'init', '-q')
  t.match((await around(() => undefined)).changed, { headBefore: null, headAfter: null, files: 0 })
})

t.test('branches in one file, another work tree of the repository, a shallow one and SHA-256', async (t) => {
  const { dir, repo, put, commit, around } = setUp(t)
  git(repo, 'gc', '-q')
  rmSync(path.join(repo, '.git/refs/heads/main'), { force: true })
  put('x', 'x\n')
  t.match((await around(() => commit())).changed, { commits: 1 })
  git(repo, 'worktree', 'add', '-q', '../other')
  const other = path.join(dir, 'other')
  const there = await around(() => writeFileSync(path.join(other, 'b.txt'), 'B\n'), other)
  t.match(there.changed, { files: 1, added: 1, removed: 1 })
  git(dir, 'clone', '-q', '--depth', '1', `file://${repo}`, 'shallow')
  const shallow = path.join(dir, 'shallow')
  const further = await around(() => {
    writeFileSync(path.join(shallow, 'b.txt'), 'B\n')
    git(shallow, 'commit', '-qam', 'more')
  }, shallow)
  t.match(further.changed, { commits: 1, files: 1 })
  git(dir, 'init', '-q', '--object-format=sha256', 'long')
  const long = path.join(dir, 'long')
  writeFileSync(path.join(long, 'a'), 'a\n')
  git(long, 'add', '.')
  git(long, 'commit', '-qm', 'first')
  const longer = await around(() => writeFileSync(path.join(long, 'b'), 'b\n'), long)
  t.match(longer.changed, { headBefore: /^[0-9a-f]{64}$/, files: 1, added: 1 })
})

t.test('a conflict, a detached commit and an index in two parts are looked at, too', async (t) => {
  const { repo, put, commit, around } = setUp(t)
  git(repo, 'checkout', '-qb', 'side')
  put('a.txt', 'side\n')
  commit()
  git(repo, 'checkout', '-q', 'main')
  put('a.txt', 'main\n')
  commit()
  const { changed, diff } = await around(() => t.throws(() => git(repo, 'merge', '-q', 'side')))
  t.match(changed, { files: 1, dirtyAfter: 1 })
  t.match(diff, '+<<<<<<< HEAD')
  t.throws(() => git(repo, 'commit', '-qm', 'more'))
  const gone = await around(() => rmSync(path.join(repo, 'a.txt')))
  t.match(gone.changed, { files: 1, added: 0, removed: 5, dirtyBefore: 1 })
  git(repo, 'merge', '--abort')
  git(repo, 'update-index', '--split-index')
  git(repo, 'checkout', '-q', '--detach')
  t.match((await around(() => put('b.txt', 'B\n'))).changed, { files: 1 })
})

t.test(
  'neither a lock of the index, nor names with line breaks, nor the environment are in the way',
  async (t) => {
    const { dir, repo, put, around } = setUp(t)
    const foreign = {
      GIT_DIR: dir,
      GIT_WORK_TREE: dir,
      GIT_INDEX_FILE: '/nowhere',
      GIT_EXTERNAL_DIFF: '/nowhere',
    }
    const before = { ...process.env }
    Object.assign(process.env, foreign)
    t.teardown(() => {
      for (const name of Object.keys(foreign)) Reflect.deleteProperty(process.env, name)
      Object.assign(process.env, before)
    })
    put('.git/index.lock', '')
    const { changed, diff } = await around(() => {
      put('a\nb\u001b[2J', 'x\n')
      put('-x', 'x\n')
      put(':(glob)*', 'x\n')
    })
    t.match(changed, { files: 3, added: 3, leftOut: 0 })
    t.match(diff, '+++ "b/a\\nb\\033[2J"\n', 'a name is a line, and obeyed by nobody')
    t.ok(existsSync(path.join(repo, '.git/index.lock')), 'whose lock it is, it stays')
  },
)

t.test('nothing is written to the repository', async (t) => {
  const { repo, put, changes, logPath } = setUp(t)
  put('a.txt', 'mine\n')
  put('mine.txt', 'mine\n')
  const now = traces(repo)
  const before = await changes.before('run', repo)
  t.ok(before)
  if (before) {
    t.equal((await changes.now('run', before)).files, 0)
    t.ok(await changes.after('run', before, logPath))
  }
  t.strictSame(traces(repo), now)
})

t.test('no program that a repository names is run', async (t) => {
  const { dir, repo, put, commit, around } = setUp(t)
  const evil = path.join(dir, 'evil')
  const ran = path.join(dir, 'ran')
  writeFileSync(evil, `#!/bin/sh\necho "$0 $@" >> ${ran}\ncat\n`, { mode: 0o755 })
  put('.gitattributes', '* filter=evil diff=evil\nb.txt filter=process\n')
  commit()
  git(dir, 'clone', '-q', 'repo', 'inner')
  git(repo, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '../inner', 'module')
  commit()
  const settings = {
    'core.fsmonitor': evil,
    'core.hooksPath': dir,
    'core.pager': evil,
    'core.editor': evil,
    'core.sshCommand': evil,
    'core.gitProxy': evil,
    'core.askPass': evil,
    'core.alternateRefsCommand': evil,
    'core.worktree': '/etc',
    'credential.helper': `!${evil}`,
    'diff.external': evil,
    'diff.evil.command': evil,
    'diff.evil.textconv': evil,
    'filter.evil.clean': evil,
    'filter.evil.smudge': evil,
    'filter.evil.required': 'true',
    'filter.process.process': evil,
    'gpg.program': evil,
    'merge.evil.driver': evil,
    'pager.status': evil,
    'trace2.eventTarget': path.join(dir, 'traced'),
    'uploadpack.packObjectsHook': evil,
    'extensions.partialClone': 'origin',
    'remote.origin.url': `ext::${evil}`,
    'remote.origin.promisor': 'true',
    'alias.status': `!${evil}`,
    'include.path': path.join(dir, 'fifo'),
  }
  const hostile = Object.entries(settings)
    .map(([name, value]) => {
      const [, section, sub, key] = /^(\w+)(?:\.(.+))?\.(\w+)$/.exec(name) ?? []
      return `[${section}${sub ? ` "${sub}"` : ''}]\n\t${key} = "${value}"\n`
    })
    .join('')
  execFileSync('mkfifo', [path.join(dir, 'fifo')])
  for (const config of ['.git/config', '.git/modules/module/config'])
    writeFileSync(path.join(repo, config), `${readFileSync(path.join(repo, config))}\n${hostile}`)
  for (const hook of ['post-index-change', 'fsmonitor-watchman', 'post-checkout', 'reference-transaction']) {
    writeFileSync(path.join(repo, '.git/hooks', hook), `#!/bin/sh\n${evil} hook\n`, { mode: 0o755 })
    writeFileSync(path.join(dir, hook), `#!/bin/sh\n${evil} hook\n`, { mode: 0o755 })
  }
  const { changed, diff } = await around(() => {
    put('a.txt', 'hers\n')
    put('b.txt', 'hers\n')
    put('new.txt', 'hers\n')
    put('module/a.txt', 'in the submodule\n')
  })
  t.match(changed, { files: 3, commits: 0 })
  t.match(diff, '+hers')
  t.notMatch(diff, 'in the submodule', 'git would have to go into it')
  t.notOk(existsSync(ran), existsSync(ran) ? readFileSync(ran, 'utf8') : '')
  t.notOk(existsSync(path.join(dir, 'traced')))
})

t.test('a hostile repository ends a look, and harms nobody', async (t) => {
  const { dir, repo, put, changes, around, told, kept, logPath, commit } = setUp(t)
  const refused = async (why: RegExp) => {
    t.equal(await changes.before('run', repo), null)
    t.match(told.at(-1), { msg: 'run.changes.fail', run_id: 'run', error: why })
    t.strictSame(readdirSync(kept), [])
  }
  writeFileSync(path.join(repo, '.git/HEAD'), 'nonsense\n')
  await refused(/has no HEAD/)
  rmSync(path.join(repo, '.git/HEAD'))
  execFileSync('mkfifo', [path.join(repo, '.git/HEAD')])
  await refused(/has no HEAD/)
  rmSync(path.join(repo, '.git/HEAD'))
  writeFileSync(path.join(repo, '.git/HEAD'), `${'0'.repeat(39)}1\n`)
  await refused(/./)
  writeFileSync(path.join(repo, '.git/HEAD'), `ref: refs/heads/${'x'.repeat(300)}\n`)
  await refused(/ENAMETOOLONG/)
  t.equal(await changes.before('run', path.join(repo, 'x'.repeat(300))), null)
  t.match(told.at(-1), { error: /ENAMETOOLONG/ })
  writeFileSync(path.join(repo, '.git/HEAD'), 'ref: refs/heads/main\n')
  writeFileSync(path.join(repo, '.git/config'), '')
  truncateSync(path.join(repo, '.git/config'), 2 * 1_048_576)
  await refused(/has more than/)
  writeFileSync(path.join(repo, '.git/config'), '[core\n= nonsense "\n\u0000')
  put('.git/index', 'nonsense')
  await refused(/index/)
  rmSync(path.join(repo, '.git/index'))
  writeFileSync(path.join(repo, '.git/config'), '')
  git(repo, 'reset', '-q')
  put('.gitattributes', '* working-tree-encoding=nonsense\n')
  put('a.txt', 'x')
  await changes.before('run', repo)
  rmSync(path.join(repo, '.gitattributes'))
  commit()

  // Its work tree is gone when it ends.
  const gone = await around(() => renameSync(path.join(repo, '.git'), path.join(dir, 'moved')))
  t.equal(gone.changed, null)
  t.match(told.at(-1), { error: /is no git work tree any more/ })
  for (const pointer of ['gitdir: /nowhere', 'gitdir: .', 'nonsense', 'gitdir: \n']) {
    put('.git', pointer)
    t.equal(await changes.before('run', path.join(repo, 'sub')), null, pointer)
  }
  t.notOk(existsSync(`${logPath}.diff`))
  const broken = path.join(dir, 'line\nbreak')
  mkdirSync(broken)
  git(broken, 'init', '-q')
  t.equal(await changes.before('run', broken), null)
  t.match(told.at(-1), { error: /line break/ })
})

t.test('what is large, closed or no file is left out, and told', async (t) => {
  const { repo, put, around } = setUp(t)
  put('large', '')
  truncateSync(path.join(repo, 'large'), 17 * 1_048_576)
  const { changed } = await around(() => {
    put('small', 'x\n')
    put('larger', '')
    truncateSync(path.join(repo, 'larger'), 18 * 1_048_576)
    rmSync(path.join(repo, 'b.txt'))
    execFileSync('mkfifo', [path.join(repo, 'b.txt')])
    mkdirSync(path.join(repo, 'nested'))
    git(path.join(repo, 'nested'), 'init', '-q')
  })
  t.match(changed, { files: 1, added: 1, leftOut: 3 })
})

t.test('a long diff is cut, and says so', async (t) => {
  const { put, around } = setUp(t)
  const { changed, diff } = await around(() => put('long', 'a line of some length\n'.repeat(300_000)))
  t.match(changed, { files: 1, added: 300_000, isDiffCut: true })
  t.ok(diff.length < 4.1 * 1_048_576)
  t.match(diff.slice(-60), /\n\\ The diff was longer, and is cut here\.\n$/)
})

t.test(
  'what the owner ignores everywhere, and what only this repository ignores, is not looked at',
  async (t) => {
    const home = freeDir(t)
    writeFileSync(path.join(home, 'everywhere'), 'owners\n')
    writeFileSync(
      path.join(home, '.gitconfig'),
      '# mine\n[user]\n\tname = a\n[core]\n\tfileMode ; yes\n\tautocrlf = "input" # so\n\texcludesFile = ~/everywhere\n[core "x"]\n\teol = crlf\n',
    )
    const { repo, put, around } = setUp(t, { env: { HOME: home } })
    writeFileSync(path.join(repo, '.git/info/exclude'), 'repositorys\n')
    const { changed, diff } = await around(() => {
      put('owners', 'x\n')
      put('repositorys', 'x\n')
      put('new', 'x\r\n')
    })
    t.match(changed, { files: 1 })
    t.match(diff, '+x\n', 'and its settings of line ends count')
    const xdg = freeDir(t)
    mkdirSync(path.join(xdg, 'git'))
    writeFileSync(path.join(xdg, 'git/ignore'), 'usual\n')
    const other = setUp(t, { env: { XDG_CONFIG_HOME: xdg } })
    t.match((await other.around(() => other.put('usual', 'x\n'))).changed, { files: 0 })
  },
)

t.test('where branches are kept in another form, git is asked', async (t) => {
  const { repo, changes } = setUp(t)
  writeFileSync(path.join(repo, '.git/HEAD'), 'ref: refs/heads/.invalid\n')
  t.match(await changes.before('run', repo), { head: null, dirty: 4 })
})

t.test('a call that is given up before it has begun leaves nothing', async (t) => {
  const given = new AbortController()
  const called = gitAt('/nowhere/git')({ args: [], signal: given.signal })
  given.abort(new Error('given up'))
  await t.rejects(called, /given up/)
  t.equal(findGit({ projectDir: '/', home: '/', searchPath: '' }), null)
})

t.test('where there is no work tree, or no git, nothing is asked', async (t) => {
  const { dir, repo, kept, told, around, changes, deps } = setUp(t)
  const outside = path.join(dir, 'outside')
  mkdirSync(path.join(outside, '.git'), { recursive: true })
  t.equal(await changes.before('run', outside), null, 'an empty directory is no repository')
  t.strictSame([existsSync(kept), told], [false, []])
  const env = { GIT_CEILING_DIRECTORIES: `/x:${repo}` }
  const bounded = createChanges({ ...deps, env })
  t.equal(await bounded.before('run', path.join(repo, 'sub')), null, 'no repository is looked for so high')
  t.ok(await bounded.before('run', repo))
  let program: string | null = null
  const without = setUp(t, { git: () => program })
  t.equal(await without.changes.before('run', repo), null)
  t.strictSame(without.told, [])
  program = GIT
  const seen = await without.around(() => {
    program = null
  })
  t.equal(seen.changed, null)
  t.match(without.told.at(-1), { error: 'there is no git on PATH' })
  program = '/nowhere/git'
  t.equal(await without.changes.before('run', without.repo), null)
  t.match(without.told.at(-1), { error: /git cannot be run/ })
  t.match((await around(() => undefined)).changed, { files: 0 })
})

t.test('a git that hangs is given up in time, with all that it started', async (t) => {
  const dir = freeDir(t)
  const program = path.join(dir, 'git')
  const pids = path.join(dir, 'pids')
  writeFileSync(program, `#!/bin/sh\nsleep 300 &\necho $! $$ > ${pids}\nwait\n`, { mode: 0o755 })
  const { repo, kept, told, deps } = setUp(t)
  const changes = createChanges({ ...deps, git: () => program, limits: { ...PATIENT, beforeMs: 2000 } })
  t.equal(await changes.before('run', repo), null)
  t.match(told.at(-1), { error: 'git took longer than 2 s' })
  await changes.settled()
  t.strictSame(readdirSync(kept), [], 'nothing of the look is kept')
  const left = readFileSync(pids, 'utf8').trim().split(' ')
  for (const pid of left) {
    const state = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout.trim()
    t.match(state, /^(Z.*)?$/, `${pid} is gone`)
  }
})

t.test('a repository that took too long keeps no launch waiting for ten minutes', async (t) => {
  const dir = freeDir(t)
  const program = path.join(dir, 'git')
  const asked = path.join(dir, 'asked')
  writeFileSync(program, `#!/bin/sh\necho asked >> ${asked}\nexec sleep 300\n`, { mode: 0o755 })
  const { repo, put, kept, told, deps } = setUp(t)
  git(repo, 'worktree', 'add', '-q', path.join(dir, 'other'))
  let now = 0
  let at: string | null = program
  const changes = createChanges({
    ...deps,
    clock: { ...systemClock, monotonic: () => now },
    git: () => at,
    limits: { ...PATIENT, beforeMs: 2000 },
  })
  const times = () => readFileSync(asked, 'utf8').trim().split('\n').length
  t.equal(await changes.before('one', repo), null)
  t.equal(times(), 1)
  now += 599_000
  t.equal(await changes.before('two', repo), null)
  t.equal(await changes.before('three', path.join(dir, 'other')), null, 'its other work trees are no faster')
  t.equal(times(), 1, 'nobody asked git again')
  t.match(told.at(-1), {
    run_id: 'three',
    error: /^git took too long for the repository .*: no launch waits for it for 1 min$/,
  })
  now += 1000
  t.equal(await changes.before('four', repo), null)
  t.equal(times(), 2, 'then it is tried again')
  now += 600_000
  at = GIT
  put('a.txt', 'changed\n')
  t.match(await changes.before('five', repo), { dirty: 1 })
  t.match(await changes.before('six', repo), { dirty: 1 }, 'and is looked at each time from then on')
  await changes.settled()
  t.strictSame(readdirSync(kept).sort(), ['five', 'six'])
})

t.test('a git that says nothing and fails, or is killed, is no answer', async (t) => {
  const dir = freeDir(t)
  const program = path.join(dir, 'git')
  for (const [script, why] of [
    ['kill -9 $$', /ended by a signal/],
    ['echo "what is this" >&2; exit 3', /what is this/],
    [`yes "$(printf "%01000d" 0)" | head -c 9000000`, /too many files differ/],
    ['yes words >&2 & sleep 0.2; kill $!; exit 1', /^(words\s)+/],
  ] as const) {
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const { repo, changes, told } = setUp(t, { git: () => program })
    t.equal(await changes.before('run', repo), null, script)
    t.match(told.at(-1), { error: why }, script)
  }
})

t.test('one look of a run at a time: the end goes before a diff that somebody asked for', async (t) => {
  const { repo, put, changes, logPath } = setUp(t)
  put('mine', 'x\n')
  const before = await changes.before('run', repo)
  if (before === null) throw new Error('nothing was seen')
  put('new', 'x\n')
  const [one, other] = await Promise.all([changes.now('run', before), changes.now('run', before)])
  t.equal(one, other, 'who asks twice gets one answer')
  t.match(one, { files: 1, added: 1 })
  const asked = changes.now('run', before)
  const ended = changes.after('run', before, logPath)
  await t.rejects(asked, /another look began/)
  t.match(await ended, { files: 1, added: 1 })
})

t.test('who ends the service twice waits for no look', async (t) => {
  const hurrying = new AbortController()
  const { repo, changes, told, kept } = setUp(t, { hurry: hurrying.signal })
  const looking = changes.before('run', repo)
  hurrying.abort()
  t.equal(await looking, null)
  t.match(told.at(-1), { error: 'the service ends' })
  t.equal(await changes.before('run', repo), null)
  await changes.tidy(() => false)
  t.strictSame(existsSync(kept) ? readdirSync(kept) : [], [])
})

t.test('a run that is not launched leaves nothing, and neither does an earlier life', async (t) => {
  const { repo, put, changes, kept } = setUp(t)
  put('mine', 'x\n')
  await changes.before('run', repo)
  t.strictSame(readdirSync(kept), ['run'])
  await changes.forget('run')
  t.strictSame(readdirSync(kept), [])
  const looking = changes.before('run', repo)
  await changes.forget('run')
  t.equal(await looking, null)
  await changes.before('dead', repo)
  await changes.before('alive', repo)
  await changes.tidy((runId) => runId === 'alive')
  t.strictSame(readdirSync(kept), ['alive'])
})
