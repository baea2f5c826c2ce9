import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { openEvents } from '../helpers/events.ts'
import { endOf, killService, recordOf, setUpFault } from '../helpers/fault-service.ts'
import { type TestService, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'CPU time is read from /proc')
  process.exit()
}

const SILENT = 'until [ -e go ]; do sleep 5; done; echo on; sleep 300'

const silences = async ({ url }: TestService) =>
  Number(/^looper_run_silences_total (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1])

t.test(
  'a silent run is told of, then that it goes on, also after a crash, and is ended only then',
  async (t) => {
    const { run, service, restart, workspace, zulip, logDir } = await setUpFault(t, {
      LOOPER_RUN_STALL_WARN_SECONDS: '1',
      LOOPER_STOP_SCOPE: 'own',
    })
    const { events, close } = await openEvents(`${service.url}/events`)
    const { runId } = await run(SILENT)
    for await (const { event, data } of events) {
      if (event !== 'step') continue
      const { step, run } = JSON.parse(data)
      if (step !== 'silent') continue
      t.match(run, { run_id: runId, outcome: null, silent_since: String })
      break
    }
    close()
    const told = () =>
      zulip.messages.filter(({ content }) => content.includes('has given no sign of life since'))
    await until('people are told', () => told().length === 1)
    t.match(told()[0]?.content, new RegExp(`^Run ${runId.slice(0, 8)} \\(a run\\) in slot default `))
    t.equal(await silences(service), 1)
    await killService(service)
    const next = await restart({ LOOPER_RUN_STALL_WARN_SECONDS: '1' })
    t.match(await recordOf(next, runId), { silent_since: String })
    writeFileSync(path.join(workspace, 'go'), '')
    await until('it goes on', async () => (await recordOf(next, runId)).silent_since === null)
    await until('it is silent again', async () => (await recordOf(next, runId)).silent_since !== null)
    await until('people are told again', () => told().length === 2)
    t.equal(await silences(next), 1)
    t.match(textOf(path.join(logDir, 'looper-server.log')), /run\.silent\.end/)
    t.match(await recordOf(next, runId), { outcome: null })
    const ended = await run('sleep 300', { stall_seconds: 3 }, next)
    t.match(await endOf(next, ended.runId), { outcome: 'stalled', silent_since: String })
    t.equal(told().length, 3)
  },
)
