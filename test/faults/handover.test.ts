import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { endOf, recordOf, runsOf, serverLogOf, setUpFault } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { PROJECT, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test('SIGUSR2 hands over: the run lives on, and the next start follows it to its end', async (t) => {
  const { service, run, restart, workspace } = await setUpFault(t)
  const { runId, pid, log } = await run('until [ -e gate ]; do sleep 0.05; done; echo done; exit 3')
  service.child.kill('SIGUSR2')
  t.same(await once(service.child, 'exit'), [0, null])
  t.match(service.output(), 'SIGUSR2: stopping\nHanded over: runs live on\n')
  t.ok(carriers(runId).includes(pid), 'it lives on')

  const next = await restart()
  t.match(await recordOf(next, runId), { outcome: null, pid })
  writeFileSync(path.join(workspace, 'gate'), '')
  t.match(await endOf(next, runId), { outcome: 'exited', return_code: 3, cause: null })
  t.match(textOf(log), /\ndone\n\n# codex_exec_return_code=3\n$/)
})

t.test('the systemd unit restarts by handing over, and signals the service alone', async (t) => {
  const unit = readFileSync(path.join(PROJECT, 'deploy/looper.service'), 'utf8')
  for (const line of ['KillMode=process', 'KillSignal=SIGTERM', 'RestartKillSignal=SIGUSR2'])
    t.match(unit, new RegExp(`^${line}$`, 'm'))
})

t.test('a launch under way is finished and answered; nothing else is begun', async (t) => {
  const { service, run, logDir } = await setUpFault(t)
  const answer = run('exec sleep 300', { codex_exec_startup_check_seconds: 1.5 })
  await until('it is watched', () => serverLogOf(logDir).includes('"step":"startup_check"'))
  const exit = once(service.child, 'exit')
  service.child.kill('SIGUSR2')
  await until('the signal is heard', () => service.output().includes('SIGUSR2'))
  t.match(await run('true'), { status: 503, body: { code: 'LOOPER_SHUTTING_DOWN' } })
  const { status, runId, pid } = await answer
  t.equal(status, 200)
  t.same(await exit, [0, null])
  t.ok(carriers(runId).includes(pid), 'it lives on')
})

t.test('a second signal does not wait for the launch under way', async (t) => {
  const { service, run, restart, logDir } = await setUpFault(t)
  const answer = run('true', { codex_exec_delay_seconds: 600 }).catch(() => null)
  await until('it waits', () => serverLogOf(logDir).includes('"step":"delay"'))
  service.child.kill('SIGUSR2')
  await until('the first is heard', () => service.output().includes('SIGUSR2: stopping'))
  service.child.kill('SIGTERM')
  t.same(await once(service.child, 'exit'), [0, null])
  t.equal(await answer, null, 'nobody answers')
  const next = await restart()
  await until('it is taken up', async () => (await runsOf(next))[0]?.outcome !== null)
  t.match(await runsOf(next), [{ outcome: 'failed_to_start', cause: 'the service ended before the launch' }])
})
