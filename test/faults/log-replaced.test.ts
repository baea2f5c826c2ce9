import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { endOf, killService, parentOf, recordOf, setUpFault, stopSurely } from '../helpers/fault-service.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'the agent finds its log in /proc')
  process.exit()
}

// Each one waits more than it works.
t.jobs = 2

/** What an agent may put in the place of its log. */
const ACTS: Readonly<Record<string, string>> = {
  'a pipe': 'mkfifo "$f"',
  'a directory': 'mkdir "$f"',
  'a link to an endless file': 'ln -s /dev/zero "$f"',
  'a link to another file': 'echo precious >other; ln -s "$PWD/other" "$f"',
  'a loop of links': 'ln -s "$f" "$f"',
}
const REPLACE = 'f=$(readlink /proc/$$/fd/1); rm "$f"'

for (const [name, act] of Object.entries(ACTS)) {
  t.test(
    `${name} in the place of a log holds neither a run's end, nor a request, nor a stop`,
    { buffered: true },
    async (t) => {
      const fault = await setUpFault(t)
      const { service, run, workspace } = fault
      const ended = await run(`${REPLACE}; ${act}; exit 3`)
      const end = { outcome: 'exited', return_code: 3, cause: 'its log was removed while it ran' }
      t.match(await endOf(service, ended.runId), end)
      for (const query of ['', '?tail=5', '?follow=1']) {
        t.equal((await fetch(`${service.url}/runs/${ended.runId}/log${query}`)).status, 404, `log${query}`)
      }
      t.equal((await fetch(`${service.url}/metrics`)).status, 200)

      const replaced = await run(`rm -f other; ${REPLACE}; ${act}; touch done; exec sleep 300`)
      await until('its log is replaced', () => existsSync(path.join(workspace, 'done')))
      const live = await run('exec sleep 300')
      t.same(live.body.killed_codex_exec_pids, [replaced.pid])
      t.match(await recordOf(service, replaced.runId), { outcome: 'replaced', return_code: -2 })
      if (existsSync(path.join(workspace, 'other'))) {
        t.equal(readFileSync(path.join(workspace, 'other'), 'utf8'), 'precious\n')
      }
      t.equal(await service.stop(), 0)
      t.same(carriers(live.runId), [])
    },
  )

  t.test(`${name} in the place of a log holds no start`, { buffered: true }, async (t) => {
    const fault = await setUpFault(t)
    const { service, run, workspace } = fault
    const lost = await run(`${REPLACE}; ${act}; touch done; exec sleep 300`)
    await until('its log is replaced', () => existsSync(path.join(workspace, 'done')))
    const wrapper = parentOf(lost.pid)
    await killService(service)
    process.kill(wrapper, 'SIGKILL')
    killCarriers(lost.runId)
    const next = await fault.restart()
    t.match(await endOf(next, lost.runId), { outcome: 'lost', return_code: null })
    const live = await fault.run('exec sleep 300', {}, next)
    t.equal(live.status, 200)
    t.equal(textOf(path.join(workspace, 'other')), act.includes('other') ? 'precious\n' : '')
    await stopSurely(next)
    t.same(carriers(live.runId), [])
  })
}

for (const [name, act] of [
  ['removed', 'rm "$f"'],
  ['emptied', ': >"$f"; echo why'],
  ['replaced by a pipe', 'rm "$f"; mkfifo "$f"'],
] as const) {
  t.test(`an agent that fails at once, its log ${name}, is told as such`, { buffered: true }, async (t) => {
    const { run } = await setUpFault(t)
    const failed = await run(`f=$(readlink /proc/$$/fd/1); ${act}; exit 3`, {
      codex_exec_startup_check_seconds: 30,
    })
    t.match(failed, { status: 500, body: { code: 'LOOPER_AGENT_EXITED_EARLY', error: /\(rc=3, log_path=/ } })
    if (name === 'emptied') t.match(failed.body.error, /tail=why\)$/)
  })
}
