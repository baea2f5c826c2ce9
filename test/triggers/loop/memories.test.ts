import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { LooperError } from '../../../src/base/errors.ts'
import { MEMORY_UNUSABLE } from '../../../src/triggers/loop/memory-errors.ts'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { endRound } from '../../../src/triggers/loop/settle.ts'
import { heartOf } from '../../helpers/heart.ts'
import { COUNTING, setUpLoops } from '../../helpers/loop-service.ts'
import { until } from '../../helpers/service.ts'

t.test('every round gets the persistent memory, and the next one alone the working one', async (t) => {
  const loops = await setUpLoops(t, `${COUNTING}; until [ -e go ]; do sleep 0.05; done`)
  await loops.define('tidy', { max_iterations: 2 })
  t.match(await loops.ask('/tidy/memory'), { body: { memory: { working: { text: '', warning: null } } } })
  const texts = { persistent: '# keep this\n', working: '# once\n' }
  const written = await loops.ask('/tidy/memory', texts)
  t.match(written, { status: 200, body: { memory: { working: { text: '# once\n', bytes: 7 } } } })
  await loops.act('tidy', 'start')
  await until('it was sent', async () => (await loops.rounds('tidy')).rounds[0]?.run_id != null)
  await loops.ask('/tidy/memory', { working: '# once\n# later\n' })
  writeFileSync(loops.file('go'), '')
  await loops.untilIs('tidy', 'ended')
  const { rounds } = await loops.rounds('tidy')
  t.match(
    rounds[1]?.prompt,
    /^## Persistent Memory\n# keep this\n\n\n## Working Memory \(this iteration only\)\n# once\n/,
  )
  t.match(
    rounds[0]?.prompt,
    /^## Persistent Memory\n# keep this\n\n\n## Working Memory \(this iteration only\)\n# later\n/,
  )
  t.match(await loops.ask('/tidy/memory'), {
    body: { memory: { working: { text: '' }, persistent: { text: texts.persistent } } },
  })

  const versions = await loops.ask('/tidy/memory/versions?memory=working&limit=2')
  const [, first] = rounds
  t.match(versions.body, {
    versions: [
      { text: '', by: 'loop', memory: 'working', round_id: rounds[0]?.round_id },
      { text: '# later\n', by: 'loop', round_id: first?.round_id },
    ],
  })
  const before = versions.body.next_before
  const { body } = await loops.ask(`/tidy/memory/versions?memory=working&before=${before}`)
  t.match(body, {
    versions: [
      { text: '# once\n# later\n', by: 'person', round_id: first?.round_id },
      { text: '# once\n', by: 'person', round_id: null },
    ],
    next_before: null,
  })
  const restored = await loops.ask('/tidy/memory/restore', { version_id: body.versions[1].version_id })
  t.match(restored, { status: 200, body: { memory: { working: { text: '# once\n' } } } })
})

t.test(
  'what a round that failed was sent stays, and so does what the service was killed before clearing',
  async (t) => {
    const loops = await setUpLoops(
      t,
      'echo "$LOOPER_RUN_ID" >>runs; until [ -e go ]; do sleep 0.05; done; [ -e well ] && say done; [ -e well ]',
    )
    await loops.define('tidy', { max_iterations: 2 })
    await loops.ask('/tidy/memory', { working: '# once\n' })
    writeFileSync(loops.file('go'), '')
    await loops.act('tidy', 'start')
    await loops.untilIs('tidy', 'ended')
    t.match((await loops.rounds('tidy')).rounds, [{ prompt: /# once/, error: /./ }, { prompt: /# once/ }])
    t.match(await loops.ask('/tidy/memory'), { body: { memory: { working: { text: '# once\n' } } } })
    writeFileSync(loops.file('well'), '')
    rmSync(loops.file('go'))
    await loops.define('tidy', { max_iterations: 1 })
    await loops.act('tidy', 'start')
    await until('it runs', () => loops.lines('runs').length === 3)
    await loops.kill()
    writeFileSync(loops.file('go'), '')
    await loops.untilIs('tidy', 'ended')
    t.match((await loops.rounds('tidy')).rounds[0], { error: null, response: '# done' })
    t.match(await loops.ask('/tidy/memory'), { body: { memory: { working: { text: '' } } } })
  },
)

t.test('no round is run without a memory that cannot be used, which is not written over', async (t) => {
  const loops = await setUpLoops(t, COUNTING)
  mkdirSync(path.join(loops.logDir, 'loops/tidy/persistent.md'), { recursive: true })
  await loops.define('tidy', { max_iterations: 1 })
  await loops.act('tidy', 'start')
  await loops.untilIs('tidy', 'ended')
  t.same(loops.lines('runs'), [])
  t.match((await loops.rounds('tidy')).rounds, [{ run_id: null, error: /^cannot use .*persistent\.md/ }])
  t.match(await loops.ask('/tidy/memory'), {
    body: { memory: { persistent: { text: '', warning: /persistent\.md/ } } },
  })
  t.match(await loops.ask('/tidy/memory', { working: 'a', persistent: 'x' }), {
    status: 409,
    body: { code: 'LOOPER_LOOP_MEMORY_UNUSABLE' },
  })
})

t.test('bad input is refused, and changes nothing', async (t) => {
  const loops = await setUpLoops(t, COUNTING)
  await loops.define('tidy')
  for (const [at, body, status, code] of [
    ['/none/memory', { working: 'a' }, 404, 'LOOPER_LOOP_NOT_FOUND'],
    ['/none/memory', undefined, 404, 'LOOPER_LOOP_NOT_FOUND'],
    ['/none/memory/versions?memory=working', undefined, 404, 'LOOPER_LOOP_NOT_FOUND'],
    ['/none/memory/restore', { version_id: 1 }, 404, 'LOOPER_LOOP_NOT_FOUND'],
    ['/tidy/memory', { working: 'a', persistent: 'a\0b' }, 400, 'LOOPER_FIELD_INVALID'],
    ['/tidy/memory', { working: 'a', persistent: 'x'.repeat(70_000) }, 413, 'LOOPER_LOOP_MEMORY_TOO_LARGE'],
    ['/tidy/memory/versions?memory=other', undefined, 400, 'LOOPER_FIELD_INVALID'],
    ['/tidy/memory/restore', { version_id: 999 }, 404, 'LOOPER_LOOP_MEMORY_VERSION_NOT_FOUND'],
  ] as const)
    t.match(await loops.ask(at, body), { status, body: { code } }, at)
  t.match(await loops.ask('/tidy/memory', {}), { body: { memory: { working: { text: '' } } } })
  t.match(await loops.ask('/tidy/memory/versions'), { body: { versions: [], next_before: null } })
})

t.test('a working memory that cannot be cleared is told, and the round counts', async (t) => {
  const { ledger, begin, deps, events } = heartOf(t)
  const records = loopRecords(ledger.tablesOf(LOOP_TABLES))
  records.define('one', { user: 'x' })
  const { runId } = begin('x')
  const finish = {
    outcome: 'exited',
    returnCode: 0,
    cause: null,
    endedAt: 1,
    outputBytes: null,
    tokensUsed: 7,
  } as const
  ledger.finish(runId, finish)
  const end = (error: unknown) => {
    records.beginRound('one', { state: 'running', iteration: 1 }, { iteration: 1, startedAt: 1, hint: '' })
    const [loop, run] = [records.find('one'), ledger.find(runId)]
    const round = records.openRound('one')
    if (loop === null || run === null || round === null) throw new Error('it is not on the record')
    const moment = () => ({ elapsedMs: 0, held: null, diskFull: null })
    const remove = () => {
      throw error
    }
    const memoryOf = () => ({ find: () => null, remove })
    endRound(loop, { ...round, sentWorking: 1 }, run, { ...deps, records, moment, memoryOf })
  }
  end(new LooperError(MEMORY_UNUSABLE, 'it is a directory'))
  t.match(
    events.filter(({ msg }) => msg === 'loop.memory.fail'),
    [{ loop: 'one', error: 'it is a directory' }],
  )
  t.match(records.find('one'), { state: 'waiting', tally: { iterations: 1 } })
  t.throws(() => end(new LooperError('LOOPER_LEDGER_UNWRITABLE', 'full')), {
    code: 'LOOPER_LEDGER_UNWRITABLE',
  })
  t.not(records.openRound('one'), null, 'it is tried again')
})

t.test('a loop is removed with all that is its own, once it rests', async (t) => {
  const loops = await setUpLoops(t, `${COUNTING}; until [ -e go ]; do sleep 0.05; done`)
  await loops.define('tidy', { max_iterations: 1 })
  await loops.define('other')
  for (const name of ['tidy', 'other']) await loops.ask(`/${name}/memory`, { persistent: 'kept' })
  await loops.act('tidy', 'start')
  await loops.untilIs('tidy', 'running')
  t.match(await loops.ask('/tidy/remove', {}), { status: 409, body: { code: 'LOOPER_LOOP_RUNNING' } })
  writeFileSync(loops.file('go'), '')
  await loops.untilIs('tidy', 'ended')
  const at = (name: string) => path.join(loops.logDir, 'loops', name)
  t.ok(existsSync(at('tidy')))
  t.match(await loops.act('tidy', 'remove'), { name: 'tidy', state: 'ended' })
  t.notOk(existsSync(at('tidy')))
  t.match(await loops.ask('/tidy'), { status: 404 })
  t.match(await loops.ask('/tidy/remove', {}), { status: 404 })
  t.match(await loops.ask('/other/memory'), { body: { memory: { persistent: { text: 'kept' } } } })
  await loops.define('tidy')
  t.match(await loops.rounds('tidy'), { rounds: [] })
  t.match((await loops.ask('/tidy/memory/versions?memory=persistent')).body.versions, [])
})
