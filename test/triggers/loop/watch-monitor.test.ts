import t from 'tap'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { watchMonitor } from '../../../src/triggers/loop/watch-monitor.ts'
import { heartOf } from '../../helpers/heart.ts'

t.test('what a monitor prints that was replaced meanwhile counts no more', async (t) => {
  const records = loopRecords(heartOf(t).ledger.tablesOf(LOOP_TABLES))
  const define = (monitor: string) =>
    records.define('one', { user: 'x', monitor, monitor_interval_seconds: 1 })
  let meanwhile: () => void = () => undefined
  const run = async () => {
    meanwhile()
    return { end: 'exited', status: 0, output: 'seen', durationMs: 1, survivors: [] } as const
  }
  define('date')
  let now = 0
  const clock = { monotonic: () => now }
  const look = watchMonitor('one', { records, commands: { run }, clock }, new AbortController().signal)
  t.equal(await look(), 1000)
  t.equal(records.find('one')?.monitorOutput, 'seen')
  records.update('one', { monitorOutput: '' })
  now = 1000
  meanwhile = () => define('uptime')
  t.equal(await look(), 1000)
  t.equal(records.find('one')?.monitorOutput, '')
})
