import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { linuxTable } from '../../src/processes/linux.ts'
import { portableTable } from '../../src/processes/portable.ts'
import type { ProcessInfo, ProcessTable } from '../../src/processes/table.ts'
import { ageMs } from '../../src/runs/age.ts'

const SELF: ProcessInfo = {
  bootId: 'boot',
  pid: process.pid,
  start: '500000',
  parent: 1,
  group: 1,
  session: 1,
  state: 'alive',
  cpuTicks: 0,
}
/** A table on which this process began at that moment. */
const tableOf = (kind: ProcessTable['kind'], start = SELF.start): ProcessTable => ({
  ...portableTable(),
  kind,
  bootId: 'boot',
  inspect: async () => ({ ...SELF, start }),
})
const upMs = () => Math.round(process.uptime() * 1000)

t.test('a run is as old as its start is before that of the service, and the service is old', async (t) => {
  const agent = { bootId: 'boot', pid: 7, start: '140000' }
  const before = upMs()
  const age = (await ageMs(agent, tableOf('proc'))) ?? 0
  t.ok(age >= 3_600_000 + before && age <= 3_600_000 + upMs(), `${age} ms`)
  const inSeconds = (await ageMs({ ...agent, start: '499990' }, tableOf('ps'))) ?? 0
  t.ok(inSeconds >= 10_000 + before && inSeconds <= 10_000 + upMs(), `${inSeconds} ms`)
  t.equal(await ageMs({ ...agent, start: '99999999' }, tableOf('proc')), 0, 'never younger than nothing')
})

t.test('without a start, or from another boot, nobody knows', async (t) => {
  const agent = { bootId: 'boot', pid: 7, start: '1' }
  t.equal(await ageMs({ ...agent, start: '' }, tableOf('ps')), null)
  t.equal(await ageMs({ ...agent, bootId: 'another' }, tableOf('proc')), null)
  t.equal(await ageMs(agent, tableOf('ps', '')), null)
  t.equal(await ageMs(agent, { ...tableOf('proc'), inspect: async () => null }), null)
})

t.test(
  'a process that has just begun is young',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async (t) => {
    const child = spawn('sleep', ['300'], { stdio: 'ignore' })
    t.teardown(async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    })
    const table = linuxTable()
    const identity = await table.inspect(child.pid ?? 0)
    const age = identity && (await ageMs(identity, table))
    t.ok(age !== null && age < 10_000, `${age} ms`)
  },
)
