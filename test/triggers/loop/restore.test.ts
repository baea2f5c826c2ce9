import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../helpers/command.ts'
import { freeDir, git, NO_GIT } from '../../helpers/git.ts'
import { setUpLoops } from '../../helpers/loop-service.ts'
import { textOf, until } from '../../helpers/service.ts'

if (NO_GIT || process.platform !== 'linux') {
  t.plan(0, NO_GIT || 'runs are counted in /proc')
  process.exit()
}

const SCRIPT = 'echo x >>made; say "$(wc -l <made)"'
const TERMINAL = { columns: 100, env: { NO_COLOR: '1' } } as const

/** A loop that had two rounds in a repository. */
async function setUp(test: Test, script = SCRIPT) {
  const loops = await setUpLoops(test, script)
  git(loops.workspace, 'init', '-q', '-b', 'main')
  git(loops.workspace, 'add', '-A')
  git(loops.workspace, 'commit', '-qm', 'first')
  await loops.define('one', { checkpoints: 'on', max_iterations: 2 })
  return loops
}

t.test('the work tree of a loop comes back as it was after a round, and as it was before that', async (t) => {
  const { act, untilIs, rounds, ask, file, workspace, define } = await setUp(t)
  await act('one', 'start')
  await untilIs('one', 'ended')
  const [, first] = (await rounds('one')).rounds
  const plan = await ask('/one/restore', { round: 1, plan: true })
  const files = [{ path: 'made', change: 'changed' }]
  const found = { checkpoint: first?.checkpoint, added: 0, changed: 1, removed: 0, files }
  t.match(plan, { status: 200, body: { restore: { ...found, undo: null } } })
  t.equal(textOf(file('made')), 'x\nx\n')
  const done = await ask('/one/restore', { round: 1 })
  t.match(done, { status: 200, body: { restore: { ...found, undo: /^[0-9a-f]{40}$/ } } })
  t.equal(textOf(file('made')), 'x\n')
  t.equal((await ask('/one/restore', { checkpoint: done.body.restore.undo })).status, 200)
  t.equal(textOf(file('made')), 'x\nx\n')

  rmSync(file('made'))
  git(workspace, 'init', '-q', 'made')
  const error = /made is a repository/
  t.match(await ask('/one/restore', { round: 1 }), {
    status: 500,
    body: { code: 'LOOPER_RESTORE_FAILED', error },
  })

  await define('free', { workspace: freeDir(t) })
  t.match(await ask('/free/restore', { checkpoint: first?.checkpoint }), {
    status: 500,
    body: { error: /lies in no git work tree/ },
  })

  for (const body of [{}, { round: 1, checkpoint: first?.checkpoint }, { round: 0 }, { checkpoint: 'main' }])
    t.match(await ask('/one/restore', body), { status: 400, body: { code: 'LOOPER_FIELD_INVALID' } })
  const none = { status: 404, body: { code: 'LOOPER_CHECKPOINT_NOT_FOUND' } }
  t.match(await ask('/one/restore', { round: 3 }), {
    ...none,
    body: { error: /round 3 of loop one: it had no run/ },
  })
  t.match(await ask('/one/restore', { checkpoint: git(workspace, 'rev-parse', 'HEAD') }), none)
  t.match(await ask('/two/restore', { round: 1 }), { status: 404, body: { code: 'LOOPER_LOOP_NOT_FOUND' } })
  await define('off', { max_iterations: 1 })
  await act('off', 'start')
  await untilIs('off', 'ended')
  t.match(await ask('/off/restore', { round: 1 }), { ...none, body: { error: /none was to be made/ } })
})

t.test('nothing is restored below what works there', async (t) => {
  const script = `${SCRIPT}; until [ -e "go$(wc -l <made)" ]; do sleep 0.05; done`
  const { act, untilIs, ask, file, run, rounds, dir } = await setUp(t, script)
  await act('one', 'start')
  writeFileSync(file('go1'), '')
  const runs = async () => (await rounds('one')).rounds.find((round) => round.iteration === 2)?.run_id != null
  await until('round 2 runs', runs)
  const refused = async (error: RegExp) =>
    t.match(await ask('/one/restore', { round: 1 }), {
      status: 409,
      body: { code: 'LOOPER_WORK_TREE_BUSY', error },
    })
  await refused(/a round of loop one runs/)
  writeFileSync(file('go2'), '')
  await untilIs('one', 'ended')
  const waits = 'until [ -e over ]; do sleep 0.05; done'
  const other = await run(waits, { slot: 'other' })
  await refused(new RegExp(`run ${other.runId} works in`))
  mkdirSync(path.join(dir, 'elsewhere'))
  await run(waits, { slot: 'loop/one', workspace: path.join(dir, 'elsewhere') })
  writeFileSync(file('over'), '')
  await until('the other has ended', async () =>
    /in the slot of loop one/.test((await ask('/one/restore', { round: 1 })).body.error),
  )
  await refused(/something runs, or is being done, in the slot of loop one/)
  t.equal(textOf(file('made')), 'x\nx\n')
  writeFileSync(path.join(dir, 'elsewhere/over'), '')
})

t.test('the command shows what would change, asks, and says how it is undone', async (t) => {
  const { act, untilIs, file, service } = await setUp(t)
  await act('one', 'start')
  await untilIs('one', 'ended')
  const looper = (line: string, more: object = {}) =>
    runCommand(['loop', 'restore', ...line.split(' ')], { url: service().url, ...TERMINAL, ...more })
  const answered = (answer: string) => ({ isInTerminal: true, stdin: answer })
  t.match(await looper('one 1', answered('n\n')), {
    status: 1,
    out: /^This will become of the files: 0 files added, 1 changed, 0 removed\n {2}~ made\n$/,
    err: /Restore them\? \[y\/N\] .*nothing was restored/s,
  })
  t.equal(textOf(file('made')), 'x\nx\n')
  const done = await looper('one 1', answered('y\n'))
  t.match(done, { status: 0, out: /\nRestored the files of loop one: 0 files added, 1 changed, 0 removed\n/ })
  t.equal(textOf(file('made')), 'x\n')
  const undo = /Undo it with: looper loop restore (one [0-9a-f]{40})\n$/.exec(done.out)?.[1]
  t.match(await looper(`${undo} --yes`), { status: 0 })
  t.equal(textOf(file('made')), 'x\nx\n')
  t.match(await looper('one 2', { columns: undefined }), {
    status: 0,
    out: /^Restored the files of loop one: none was different\n/,
  })
  t.match(await looper('one 2'), { status: 0, out: /^Restored/ })
  const told = await looper('one 1 --json')
  t.match(JSON.parse(told.out), { restore: { changed: 1, files: [{ path: 'made' }] } })
  for (let at = 0; at < 25; at++) writeFileSync(file(`more-${at}`), '')
  t.match(await looper('one 1 --yes'), { out: /25 removed\n.* and 5 more\n/s })
  t.match(await looper('one'), { status: 2, err: /after which round\?/ })
  t.match(await looper('one main'), { status: 2, err: /"main" is neither/ })
})
