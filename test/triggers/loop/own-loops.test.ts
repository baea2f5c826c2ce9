import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config.ts'
import { ConfigError } from '../../../src/settings/config-error.ts'
import { defineOwn } from '../../../src/triggers/loop/own-loops.ts'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { freeDir } from '../../helpers/git.ts'
import { heartOf } from '../../helpers/heart.ts'
import { SCRIPT, setUpLoops } from '../../helpers/loop-service.ts'
import { textOf } from '../../helpers/service.ts'

t.test('what is wrong with a loop in the config file is told with its place', (t) => {
  const dir = t.testdir()
  const file = path.join(dir, 'looper.json')
  const load = (loops: unknown) => {
    writeFileSync(file, JSON.stringify({ loops }))
    return loadConfig({ LOOPER_CONFIG: file }, { projectDir: dir, home: dir })
  }
  load({})
  load({
    tidy: { user: 'x', workspace: '~/app', verify: null, max_iterations: 'unlimited' },
    other: { user: 'y' },
  })
  for (const [loops, place] of [
    [{ tidy: {} }, /loops\.tidy.*user/],
    [{ tidy: { user: 'x', max_iterations: 0 } }, /loops\.tidy\.max_iterations/],
    [{ tidy: { user: 'x', when: 'now' } }, /loops\.tidy.*when/],
    [{ 'Tidy up': { user: 'x' } }, /loops.*Tidy up/],
    [[], /loops/],
  ] as const)
    t.throws(() => load(loops), { name: ConfigError.name, message: place })
  t.end()
})

t.test('on the record a loop is what the file says, and keeps what it has done', (t) => {
  const { ledger } = heartOf(t)
  const defined: string[] = []
  const kept = loopRecords(ledger.tablesOf(LOOP_TABLES))
  const records = {
    ...kept,
    define(...[name, definition]: Parameters<typeof kept.define>) {
      defined.push(name)
      kept.define(name, definition)
    },
  }
  defineOwn(new Map(), records)
  const tidy = { user: 'x', monitor: 'date' }
  defineOwn(new Map([['tidy', tidy]]), records)
  records.update('tidy', { state: 'paused', cause: 'asked', monitorOutput: 'now' })
  defineOwn(new Map([['tidy', tidy]]), records)
  t.same(defined, ['tidy'], 'what is the same is not written')
  defineOwn(new Map([['tidy', { ...tidy, user: 'y' }]]), records)
  t.match(records.find('tidy'), { definition: { user: 'y' }, state: 'paused', monitorOutput: 'now' })
  defineOwn(new Map([['tidy', { user: 'y' }]]), records)
  t.match(records.find('tidy'), { definition: { user: 'y' }, state: 'paused', monitorOutput: '' })
  t.end()
})

t.test(
  'a loop of the config file runs, with commands of its owner, and is changed there alone',
  { skip: process.platform !== 'linux' && 'runs are counted in /proc' },
  async (t) => {
    const config = path.join(freeDir(t), 'config.json')
    const workspace = path.join(t.testdirName, 'workspace')
    const tidy = {
      user: SCRIPT,
      workspace,
      interval_seconds: 0,
      monitor: 'echo "# seen" && echo "# twice"',
      gate: 'true && true',
      verify: 'test -e made && echo checked >>checks',
    }
    const put = (loops: object) => writeFileSync(config, JSON.stringify({ loops }))
    put({ tidy, default: { user: 'analyze', workspace } })
    const loops = await setUpLoops(t, 'echo x >>made; say done', { LOOPER_CONFIG: config })
    t.match(await loops.look('tidy'), { state: 'idle', definition: tidy })
    await loops.act('tidy', 'start')
    await loops.untilIs('tidy', 'ended')
    t.match(await loops.look('tidy'), { cause: 'verified', iteration: 1 })
    t.match((await loops.rounds('tidy')).rounds, [
      { gate: 'go', monitor_output: '# seen\n# twice', verdict: 'verified' },
    ])
    t.equal(textOf(path.join(workspace, 'checks')), 'checked\n')

    const refused = { status: 409, body: { code: 'LOOPER_LOOP_IN_FILE', error: /loop tidy .* config file/ } }
    t.match(await loops.ask('/tidy', { ...tidy, user: 'x' }), refused)
    const runner = await fetch(`${loops.service().url}/api/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'x' }),
    })
    t.equal(runner.status, 409)
    t.match(await loops.act('tidy', 'hint', { hint: 'look' }), { hint: 'look', definition: tidy })

    put({ tidy: { ...tidy, user: 'another' } })
    await loops.stop()
    t.match(await loops.look('tidy'), { state: 'ended', hint: 'look', definition: { user: 'another' } })
    put({})
    await loops.stop()
    t.match(await loops.ask('/tidy', { ...tidy, user: 'x' }), {
      status: 400,
      body: { code: 'LOOPER_FIELD_INVALID', error: /shell/ },
    })
    t.match(await loops.define('tidy', { user: 'x', workspace }), {
      state: 'ended',
      definition: { user: 'x' },
    })
  },
)
