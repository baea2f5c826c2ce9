import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { Identity } from '../../src/processes/table.ts'
import { gone, settleTrailer, watch } from '../../src/runs/watch.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

t.test('the wrapper’s word is the end, and what outlived the agent is stopped and told', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy('setsid sleep 300 & sleep 0.1; exit 3')
  const report = await watch(run, heart.deps)
  t.match(report, { returnCode: 3, survivors: [] })
  t.equal(report.leftovers.length, 1)
  t.same(carriers(run.runId), [])
})

t.test('without its word the agent is watched, and the trailer tells the status', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy('until [ -e go ]; do sleep 0.02; done; exit 4')
  let isOver = false
  const watched = watch({ ...run, status: run.status.then(() => null) }, heart.deps).finally(() => {
    isOver = true
  })
  t.equal(isOver, false)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await watched, { returnCode: 4, leftovers: [], survivors: [] })
})

t.test('a look that fails is no proof that the agent is gone', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy('until [ -e go ]; do sleep 0.02; done')
  let looks = 0
  const isAlive = async (identity: Identity) => {
    if (++looks === 1) throw new Error('EMFILE')
    writeFileSync(path.join(heart.workspace, 'go'), '')
    return heart.deps.table.isAlive(identity)
  }
  const table = { ...heart.deps.table, isAlive }
  t.equal(await gone(run.agent, { ...heart.deps, table }), undefined)
  t.ok(looks > 1)
})

t.test('where log and wrapper are gone, the tree is stopped all the same', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy('setsid sleep 300 & until [ -e go ]; do sleep 0.02; done')
  process.kill(run.wrapper.pid, 'SIGKILL')
  rmSync(run.logPath)
  await until('its tool runs', () => carriers(run.runId).length >= 2)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await watch(run, heart.deps), { returnCode: null, survivors: [] })
  t.same(carriers(run.runId), [])
  t.match(heart.eventsOf('run.log.fail'), [{ error: /ENOENT/ }])
})

t.test('a trailer is read, added where there is none, and never added twice', async (t) => {
  const { deps, dir } = heartOf(t)
  const file = path.join(dir, 'run.log')
  const statePath = path.join(dir, 'state')
  for (const [text, code, after] of [
    ['out\n\n# codex_exec_return_code=-9\n', -9, ''],
    ['out\n', null, '\n# codex_exec_return_code=unknown\n'],
    ['out\n\n# codex_exec_return_code=unknown\n', null, ''],
  ] as const) {
    writeFileSync(file, text)
    t.equal(await settleTrailer({ logPath: file, statePath }, deps.logger), code)
    t.equal(textOf(file), text + after)
  }
})

t.test('a trailer that a noisy tool buried is not needed: the state file tells the status', async (t) => {
  const { deps, dir } = heartOf(t)
  const file = path.join(dir, 'run.log')
  const statePath = path.join(dir, 'state')
  const text = `\n# codex_exec_return_code=5\n${'still there\n'.repeat(10_000)}`
  writeFileSync(file, text)
  writeFileSync(statePath, 'wrapper 20 100 boot\nagent 21 101 boot\nend 5\n')
  t.equal(await settleTrailer({ logPath: file, statePath }, deps.logger), 5)
  t.equal(textOf(file), text, 'no second trailer is added')
})
