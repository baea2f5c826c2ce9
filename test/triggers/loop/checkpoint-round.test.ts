import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { keepCheckpoint } from '../../../src/triggers/loop/checkpoint-round.ts'
import { git, NO_GIT } from '../../helpers/git.ts'
import { loopOf, roundOf } from '../../helpers/loop-record.ts'
import { setUpLoops } from '../../helpers/loop-service.ts'

if (NO_GIT || process.platform !== 'linux') {
  t.plan(0, NO_GIT || 'runs are counted in /proc')
  process.exit()
}

/** Loops whose workspace is a repository. */
async function setUp(test: Test, script: string) {
  const loops = await setUpLoops(test, script)
  git(loops.workspace, 'init', '-q', '-b', 'main')
  git(loops.workspace, 'add', '-A')
  git(loops.workspace, 'commit', '-qm', 'first')
  return loops
}

t.test('after each round the work tree is kept, if the loop is to have checkpoints', async (t) => {
  const { define, act, untilIs, rounds, workspace } = await setUp(t, 'echo x >>made; say "$(wc -l <made)"')
  await define('one', { checkpoints: 'on', max_iterations: 2 })
  await act('one', 'start')
  await untilIs('one', 'ended')
  const [second, first] = (await rounds('one')).rounds
  t.equal(git(workspace, 'show', `${first?.checkpoint}:made`), 'x')
  t.equal(git(workspace, 'show', `${second?.checkpoint}:made`), 'x\nx')
  t.equal(second?.checkpoint_error, null)
  t.equal(git(workspace, 'log', '-1', '--format=%s', String(second?.checkpoint)), 'Loop one, round 2')
  t.equal(git(workspace, 'status', '--porcelain'), '?? made')
  await define('one', { checkpoints: 'off', max_iterations: 1 })
  await act('one', 'start')
  await untilIs('one', 'ended')
  t.match((await rounds('one')).rounds[0], { checkpoint: null, checkpoint_error: null })
})

t.test('one that cannot be made is told, and the loop goes on', async (t) => {
  const { define, act, untilIs, rounds, workspace } = await setUp(t, 'say "$LOOPER_RUN_ID"')
  mkdirSync(path.join(workspace, '.git/refs/looper/loops'), { recursive: true })
  writeFileSync(path.join(workspace, '.git/refs/looper/loops/one'), '')
  await define('one', { checkpoints: 'on', max_iterations: 2 })
  await act('one', 'start')
  await untilIs('one', 'ended')
  const { rounds: all } = await rounds('one')
  t.equal(all.length, 2)
  for (const round of all)
    t.match(round, { checkpoint: null, checkpoint_error: /refs\/looper\/loops\/one/, error: null })
})

t.test('what was given up is made later', async (t) => {
  const stepped: unknown[] = []
  const deps = {
    records: { stepRound: (...said: unknown[]) => void stepped.push(said) },
    checkpoints: { take: async () => 'a'.repeat(40) },
    logger: pino({ level: 'silent' }),
  }
  const loop = loopOf({ definition: { user: 'x', checkpoints: 'on' } })
  const about = { round: roundOf(), run: { workspace: '/repo' } }
  t.equal(await keepCheckpoint(loop, about, deps, AbortSignal.abort()), true)
  t.same(stepped, [])
  t.equal(await keepCheckpoint(loop, about, deps, new AbortController().signal), true)
  t.match(stepped, [['default', {}, { checkpoint: /^a{40}$/ }]])
})
