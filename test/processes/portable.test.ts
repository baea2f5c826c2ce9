import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { systemClock } from '../../src/base/clock.ts'
import { type PortableTools, portableTable } from '../../src/processes/portable.ts'
import { stopTrees } from '../../src/processes/stop.ts'
import { until } from '../helpers/service.ts'

const HAS_PS = spawnSync('ps', ['-o', 'pid=', '-p', String(process.pid)]).status === 0
const skip = HAS_PS ? false : 'ps is not installed'

t.test('where ps is missing, or lists nothing as BusyBox does, the check says what to do', async (t) => {
  const broken = (list: PortableTools['list']) => portableTable({ list, killTree: async () => undefined })
  await t.rejects(broken(() => Promise.reject(new Error('spawn ps ENOENT'))).check(), {
    message: /`ps` cannot be run; install it \(procps\)/,
  })
  await t.rejects(broken(async () => []).check(), { message: /BusyBox/ })
})

t.test('without a PATH to ps, the real tools are told as missing, and nothing crashes', async (t) => {
  const { PATH } = process.env
  process.env.PATH = '/nonexistent'
  t.teardown(() => {
    process.env.PATH = PATH
  })
  await t.rejects(portableTable().check(), { message: /install it/ })
})

t.test('it knows this very process', { skip }, async (t) => {
  const table = portableTable()
  await table.check()
  const self = await table.inspect(process.pid)
  t.match(self, { pid: process.pid, parent: process.ppid, bootId: '', state: 'alive' })
  t.ok(self && (await table.isAlive(self)))
  t.notOk(self && (await table.isAlive({ ...self, start: '1' })))
  t.notOk(self && (await table.signal({ ...self, start: '1' }, 'SIGKILL')))
  t.ok(await table.isOwnUser(process.pid))
  t.equal(await table.inspect(4_194_304), null)
  t.notOk(await table.isAlive({ bootId: '', pid: 4_194_304, start: '1' }))
  t.equal(table.cookieOf(process.pid), null, 'its gap')
  t.equal(table.markOf(process.pid), null, 'its gap')
  t.equal(table.movedBytesOf(process.pid), 0, 'its gap')
  t.equal(table.startNow(), null, 'its gap')
  t.ok(table.maySignal(process.pid))
})

t.test('entries without arguments, start or user are taken as they are', async (t) => {
  const table = portableTable({
    list: async () => [
      { pid: process.pid, ppid: 1, name: 'codex' },
      { pid: 7, ppid: 1, name: 'codex', cmd: 'codex  exec do it' },
    ],
    killTree: async () => undefined,
  })
  t.same(await table.commands(), [
    { pid: process.pid, argv: ['codex'] },
    { pid: 7, argv: ['codex', 'exec', 'do', 'it'] },
  ])
  t.equal((await table.inspect(7))?.start, '')
  t.ok(await table.isOwnUser(7))
  t.same([...(await table.processes())].map(({ pid }) => pid).sort(), [7, process.pid].sort())
})

t.test('the ladder stops a tree through it', { skip }, async (t) => {
  const table = portableTable()
  const child = spawn('/bin/sh', ['-c', 'trap "" INT; sleep 300 & wait'])
  const exit = once(child, 'exit')
  await until('its tool runs', async () =>
    [...(await table.processes())].some(({ parent }) => parent === child.pid),
  )
  const identity = await table.inspect(child.pid ?? 0)
  if (!identity) throw new Error('no child')
  const report = await stopTrees([{ identity, cookie: null }], {
    table,
    clock: systemClock,
    graceMs: 400,
    spare: new Set(),
  })
  await exit
  t.same(report.survivors, [])
  t.ok(report.signalled.includes(identity.pid))
})

t.test('a failing kill is told', async (t) => {
  const table = portableTable({
    list: async () => [
      { pid: process.pid, ppid: 1, name: 'x', startTime: new Date(5000) },
      { pid: 7, ppid: 1, name: 'x', startTime: new Date(5000) },
    ],
    killTree: () => Promise.reject(new Error('no')),
  })
  await t.rejects(table.signal({ bootId: '', pid: 7, start: '6' }, 'SIGTERM'), { message: 'no' })
})

t.test('the real tree-kill tells a signal it cannot send', { skip }, async (t) => {
  const table = portableTable()
  const child = spawn('sleep', ['300'])
  await once(child, 'spawn')
  const identity = await table.inspect(child.pid ?? 0)
  if (!identity) throw new Error('no child')
  const wrong = 'SIGNONSENSE'
  await t.rejects(table.signal(identity, wrong as NodeJS.Signals))
  child.kill()
})

t.test('codex is recognised in a flattened command line by the words before its prompt', (t) => {
  t.ok(codex.isRun('codex --ask-for-approval never exec -- fix it'.split(/\s+/)))
  t.notOk(codex.isRun('tail -f codex exec'.split(/\s+/)))
  t.end()
})
