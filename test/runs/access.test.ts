import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import {
  allowedExecutable,
  allowedWorkspace,
  enterable,
  isWithinRoots,
  recheckWorkspace,
} from '../../src/runs/access.ts'

/** Somebody who is neither root nor the owner of these files. */
const OTHER_UID = 65_534

/** A home with a project, a dot directory and a link to the outside. */
function setUp(test: Test) {
  const dir = test.testdir({
    home: { project: { deep: {} }, '.ssh': {}, '..odd': {} },
    'home-twin': {},
    outside: {},
  })
  const home = path.join(dir, 'home')
  symlinkSync(path.join(dir, 'outside'), path.join(home, 'link'))
  symlinkSync(home, path.join(dir, 'to-home'))
  const roots = [{ path: home, withoutDotDirectories: false }]
  return { dir, home, roots, plain: [{ path: home, withoutDotDirectories: true }] }
}

t.test('a workspace is allowed as what it really is', async (t) => {
  const { dir, home, roots } = setUp(t)
  const project = path.join(home, 'project')
  t.equal(allowedWorkspace(home, roots), home)
  t.equal(allowedWorkspace(path.join(project, 'deep'), roots), path.join(project, 'deep'))
  t.equal(allowedWorkspace(path.join(dir, 'to-home/project'), roots), project)
  t.equal(allowedWorkspace(path.join(home, '..odd'), roots), path.join(home, '..odd'), 'a name, not a way up')
  for (const outside of [dir, path.join(dir, 'home-twin'), path.join(home, 'link'), '/'])
    t.throws(() => allowedWorkspace(outside, roots), { code: 'LOOPER_WORKSPACE_FORBIDDEN' }, outside)
  t.throws(() => allowedWorkspace(home, []), { code: 'LOOPER_WORKSPACE_FORBIDDEN' }, 'no roots')
  t.throws(() => allowedWorkspace(path.join(home, 'none'), roots), { code: 'LOOPER_WORKSPACE_INVALID' })
  t.equal(allowedWorkspace('/', [{ path: '/', withoutDotDirectories: false }]), '/')
})

t.test('the dot directories of a home can be left out, and a further root can let one in', async (t) => {
  const { home, plain } = setUp(t)
  const ssh = path.join(home, '.ssh')
  t.equal(isWithinRoots(ssh, plain), false)
  t.equal(isWithinRoots(path.join(ssh, 'deep'), plain), false)
  t.equal(isWithinRoots(path.join(home, 'project/.git'), plain), true, 'deeper ones are as good as any')
  t.equal(isWithinRoots(home, plain), false, 'nor what holds them')
  t.equal(isWithinRoots(ssh, [...plain, { path: ssh, withoutDotDirectories: false }]), true)
})

t.test('a workspace that was replaced since is not what was allowed', async (t) => {
  const { home, roots } = setUp(t)
  const project = path.join(home, 'project')
  recheckWorkspace(project, roots)
  renameSync(project, path.join(home, 'moved'))
  t.throws(() => recheckWorkspace(project, roots), { code: 'LOOPER_WORKSPACE_INVALID' })
  symlinkSync(path.join(home, 'moved'), project)
  t.throws(() => recheckWorkspace(project, roots), {
    code: 'LOOPER_WORKSPACE_FORBIDDEN',
    message: /replaced by a link/,
  })
})

t.test('a program is allowed by what it really is', async (t) => {
  const dir = t.testdir({ tool: '', other: '' })
  const tool = path.join(dir, 'tool')
  const link = path.join(dir, 'bin')
  mkdirSync(link)
  symlinkSync(tool, path.join(link, 'tool'))
  symlinkSync(path.join(dir, 'other'), path.join(link, 'fake'))
  const allowed = new Set([tool])
  t.equal(allowedExecutable(tool, 'codex_exec_binary', allowed), tool)
  t.equal(allowedExecutable(path.join(link, 'tool'), 'codex_exec_binary', allowed), tool)
  t.throws(() => allowedExecutable(path.join(link, 'fake'), 'codex_exec_binary', allowed), {
    code: 'LOOPER_EXECUTABLE_FORBIDDEN',
    message: /^'codex_exec_binary' is not allowed: .*LOOPER_ALLOWED_EXECUTABLES/,
  })
})

t.test('a root that is a link counts as what it leads to at the moment', async (t) => {
  const dir = t.testdir({ one: { deep: {} }, two: {}, home: {} })
  const link = path.join(dir, 'current')
  const roots = [{ path: link, withoutDotDirectories: false }]
  const leadTo = (target: string) => {
    rmSync(link, { force: true })
    symlinkSync(target, link)
  }
  leadTo('one')
  t.equal(allowedWorkspace(link, roots), path.join(dir, 'one'))
  leadTo('two')
  t.equal(allowedWorkspace(link, roots), path.join(dir, 'two'))
  t.equal(isWithinRoots(path.join(dir, 'one/deep'), roots), false, 'what it led to is none any more')
  leadTo('nowhere')
  t.equal(isWithinRoots(path.join(dir, 'two'), roots), false)
})

t.test('a home that holds the whole file system holds no workspace', async (t) => {
  const dir = t.testdir({ project: {} })
  symlinkSync('/', path.join(dir, 'to-root'))
  for (const home of ['/', path.join(dir, 'to-root')])
    t.equal(isWithinRoots(path.join(dir, 'project'), [{ path: home, withoutDotDirectories: true }]), false)
})

t.test('what cannot be entered is told from what is no directory', async (t) => {
  // Another user may not be let into the directory of the project.
  const dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'looper-access-')))
  t.teardown(() => rmSync(dir, { recursive: true }))
  chmodSync(dir, 0o755)
  const at = (name: string) => path.join(dir, name)
  for (const name of ['closed/below', 'listless']) mkdirSync(at(name), { recursive: true })
  writeFileSync(at('file'), '')
  symlinkSync('loop', at('loop'))
  chmodSync(at('closed'), 0o600)
  chmodSync(at('listless'), 0o711)
  for (const name of ['none', 'file', 'file/below', 'loop', 'x'.repeat(300)]) {
    t.throws(() => enterable(at(name)), {
      code: 'LOOPER_WORKSPACE_INVALID',
      status: 500,
      message: `workspace is not a directory: ${at(name)}`,
    })
  }
  // Root may enter everything.
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(OTHER_UID)
  try {
    for (const name of ['closed', 'closed/below']) {
      t.throws(() => enterable(at(name)), {
        code: 'LOOPER_WORKSPACE_CLOSED',
        status: 500,
        message: `workspace cannot be entered by the user of the service: ${at(name)} (EACCES)`,
      })
    }
    t.equal(enterable(at('listless')), at('listless'), 'agents work where they may not list')
  } finally {
    if (isRoot) process.seteuid?.(0)
    chmodSync(at('closed'), 0o700)
  }
})
