import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { git, NO_GIT } from '../helpers/git.ts'
import { COUNTING, iterations, setUpLoops } from '../helpers/loop-service.ts'
import { PROJECT, until } from '../helpers/service.ts'
import { runSoak } from '../helpers/soak.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test('a loop goes on after the service was killed, in each step of a round', async (t) => {
  const script = 'echo "$LOOPER_RUN_ID" >>runs; until [ -e go ]; do sleep 0.05; done; rm go; say done'
  const { define, act, look, rounds, lines, file, kill, stop, untilIs } = await setUpLoops(t, script)
  await define('one', { interval_seconds: 1, max_unchanged: 'unlimited', max_iterations: 4 })
  await act('one', 'start')
  const begun = (count: number) => until(`round ${count} runs`, () => lines('runs').length === count)
  await begun(1)
  await kill()
  t.match(await look('one'), { state: 'running', iteration: 1 })
  writeFileSync(file('go'), '')
  await until('the end of round 1', async () => (await look('one')).used.iterations === 1)
  await kill()
  await begun(2)
  writeFileSync(file('go'), '')
  await until('the end of round 2', async () => (await look('one')).used.iterations === 2)
  await begun(3)
  await stop()
  await until('it was ended with the service', async () => (await look('one')).used.iterations === 3)
  await begun(4)
  writeFileSync(file('go'), '')
  await untilIs('one', 'ended')
  const told = await rounds('one')
  t.same(iterations(told), [4, 3, 2, 1], 'the right numbers')
  t.same(lines('runs'), told.rounds.map(({ run_id }) => run_id).reverse(), 'nothing twice, nothing lost')
  t.match(told.rounds[1], { error: 'the service was shut down', response: null })
})

const KILL_AT = pathToFileURL(path.join(PROJECT, 'test/fixtures/kill-at.js'))

/** Settings of a service that is killed once. */
const killedAt = (t: Test, at: string, when: 'before' | 'after') => ({
  KILL_AT: at,
  KILL_WHEN: when,
  KILL_ONCE: path.join(t.testdirName, 'logs/was-killed'),
  NODE_OPTIONS: `${process.env.NODE_OPTIONS} --import=${KILL_AT}`,
})

for (const [at, when] of [
  ['INSERT INTO loop_rounds', 'before'],
  ['UPDATE loop_rounds', 'before'],
  ['INSERT INTO runs', 'before'],
  ['INSERT INTO runs', 'after'],
  ['UPDATE runs SET.*launched_at', 'before'],
  ['UPDATE runs SET.*launched_at', 'after'],
  ['UPDATE runs SET outcome', 'before'],
  ['UPDATE runs SET outcome', 'after'],
  ['UPDATE loop_rounds.*endedAt\\\\":[0-9]', 'before'],
] as const)
  t.test(`killed ${when} "${at}", a loop has each round once`, async (t) => {
    const settings = killedAt(t, at, when)
    const { define, act, untilIs, rounds, lines, kill, service } = await setUpLoops(t, COUNTING, settings)
    await define('one', { max_iterations: 2 })
    const killed = once(service().child, 'exit')
    await act('one', 'start').catch(() => undefined)
    t.same(await killed, [null, 'SIGKILL'])
    await kill()
    await untilIs('one', 'ended')
    const told = await rounds('one')
    t.same(iterations(told), [2, 1])
    t.same(lines('runs'), told.rounds.map(({ run_id }) => run_id).reverse())
    t.equal(told.rounds[0]?.response, '# said 2')
  })

for (const when of ['before', 'after'] as const)
  t.test(
    `killed ${when} the checkpoint of a round is on the record, a loop has it once`,
    {
      skip: NO_GIT,
    },
    async (t) => {
      const settings = killedAt(t, 'UPDATE loop_rounds.*checkpoint\\\\":\\\\"', when)
      const { define, act, untilIs, rounds, kill, service, workspace } = await setUpLoops(
        t,
        COUNTING,
        settings,
      )
      git(workspace, 'init', '-q')
      await define('one', { max_iterations: 2, checkpoints: 'on' })
      const killed = once(service().child, 'exit')
      await act('one', 'start').catch(() => undefined)
      t.same(await killed, [null, 'SIGKILL'])
      await kill()
      await untilIs('one', 'ended')
      const told = await rounds('one')
      t.same(iterations(told), [2, 1])
      const refs = git(workspace, 'for-each-ref', '--format=%(refname) %(objectname)').split('\n')
      t.same(
        refs.sort(),
        told.rounds.map((round) => `refs/looper/loops/one/${round.round_id} ${round.checkpoint}`).sort(),
      )
    },
  )

t.test('loops outlive a service that is killed again and again', async (t) => {
  const few = ['--rounds', '8', '--loops', '2', '--kills', '2', '--seed', '7']
  const output = await runSoak(t, 'soak-loops.ts', few)
  t.match(output, /^8 rounds, 0 of them failed, /m)
})
