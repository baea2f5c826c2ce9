import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { endOf, killService, recordOf, serverLogOf, stopSurely } from '../helpers/fault-service.ts'
import { OTHER_UID, SERVICE_USER, twoUsers, uidOf } from '../helpers/other-user.ts'
import { runIdOf } from '../helpers/processes.ts'
import { startTestService, type TestService, textOf, until } from '../helpers/service.ts'

const place = twoUsers(t)
if (typeof place === 'string') {
  t.plan(0, place)
  process.exit()
}

const { dir, as } = place
const logDir = path.join(dir, 'logs')
const codex = path.join(dir, 'codex')
const told = path.join(dir, 'ws/told')
mkdirSync(path.join(dir, 'ws'))
for (const open of [dir, path.join(dir, 'ws')]) chmodSync(open, 0o777)

/** What the agent does, whatever its prompt is. */
function agentIs(script: string): void {
  writeFileSync(told, '', { mode: 0o666 })
  chmodSync(told, 0o666)
  writeFileSync(codex, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
}

const SETTINGS = { CODEX_EXEC_BINARY: codex, LOOPER_STOP_GRACE_SECONDS: '0.2', LOOPER_MIN_FREE_MB: '0' }
const start = async () => {
  const service = await startTestService(logDir, SETTINGS, { user: SERVICE_USER })
  t.teardown(() => stopSurely(service))
  return service
}
let service = await start()

const post = (more: object = {}, to: TestService = service) =>
  to.post({ zulip_message: 'x', codex_prompt: 'go', workspace: path.join(dir, 'ws'), ...more })

/** The pid that the agent wrote down, when it is the other user's. */
async function otherPid(): Promise<number> {
  await until('the other user', () => uidOf(Number(textOf(told))) === OTHER_UID)
  const pid = Number(textOf(told))
  t.teardown(() => end(pid))
  return pid
}

function end(pid: number): void {
  if (uidOf(pid) === OTHER_UID) process.kill(pid, 'SIGKILL')
}

const SLEEP = `exec ${as} sh -c 'echo $$ >${told}; exec sleep 300 >/dev/null 2>&1'`

t.test('nothing is launched beside an agent that became another user', async (t) => {
  agentIs(SLEEP)
  const first = await post()
  const pid = await otherPid()
  const runId = runIdOf(first.body.codex_exec_result?.command ?? '')
  t.equal(pid, first.body.codex_exec_result?.pid)

  t.match((await post({ plan: true })).body, {
    plan: { would: 'blocked', stop: [{ pid, run_id: runId, stoppable: false }] },
  })
  const second = await post()
  t.match(second, { status: 500, body: { ok: false, code: 'LOOPER_STOP_FAILED' } })
  t.match(second.body.error, `pid ${pid} (another user's)`)
  t.match(serverLogOf(logDir), `"survivors":[${pid}]`)
  t.match((await post({ if_running: 'skip' })).body, { skipped: true })
  t.match(await post({ codex_prompt: '' }), { status: 200, body: { remaining_codex_exec_pids: [pid] } })

  const status = (await (await fetch(`${service.url}/status`)).json()) as object
  t.match(status, { live_pids: [pid], current: { run_id: runId, outcome: null } })
  const { runs } = (await (await fetch(`${service.url}/runs`)).json()) as { runs: object[] }
  t.match(runs[0], { outcome: 'failed_to_start', stopped_pids: [], cause: second.body.error })

  await killService(service)
  service = await start()
  t.match(await post(), { status: 500, body: { code: 'LOOPER_STOP_FAILED' } }, 'it was adopted')
  t.equal((await recordOf(service, runId)).outcome, null)

  end(pid)
  t.match(await endOf(service, runId), { outcome: 'signaled', return_code: -9 }, 'nobody replaced it')
})

t.test('nor beside one that another user runs behind a launcher which was stopped', async (t) => {
  agentIs(
    `[ "$(id -u)" = ${OTHER_UID} ] && { echo $$ >${told}; while :; do sleep 0.1; done; }
     ${as} ${codex} exec behind >/dev/null 2>&1 & wait`,
  )
  const first = await post()
  const pid = await otherPid()
  const launcher = first.body.codex_exec_result?.pid
  t.not(pid, launcher)
  const second = await post()
  t.match(second, { status: 500, body: { code: 'LOOPER_STOP_FAILED' } })
  t.match(second.body.error, `pid ${pid} (another user's)`)
  const runId = runIdOf(first.body.codex_exec_result?.command ?? '')
  t.match(await endOf(service, runId), { outcome: 'replaced' })

  t.match(await post(), { status: 500, body: { code: 'LOOPER_STOP_FAILED' } }, 'its mark tells whose it is')
  t.match((await post({ if_running: 'skip' })).body, { skipped: true })
  end(pid)
  agentIs(`echo $$ >${told}; exec sleep 300`)
  t.match(await post(), { status: 200, body: { remaining_codex_exec_pids: [] } })
  // A run that is still starting would read what the next test makes of its agent's script.
  await until('the agent', () => textOf(told) !== '')
})

t.test('a tool that became another user keeps nobody from beginning, and is named', async (t) => {
  agentIs(
    `(env -i ${as} sh -c 'echo $$ >${told}; exec setsid sleep 300 >/dev/null 2>&1' &)
     until [ -s ${told} ]; do sleep 0.02; done; sleep 0.1`,
  )
  const first = await post()
  const pid = await otherPid()
  const runId = runIdOf(first.body.codex_exec_result?.command ?? '')
  t.match(await endOf(service, runId), { outcome: 'exited', return_code: 0 })
  const line = serverLogOf(logDir)
    .split('\n')
    .find((text) => text.includes('cmd.done') && text.includes(`"run_id":"${runId}"`))
  t.match(line, `"survivors":[${pid}]`)
  agentIs('exec sleep 300')
  t.match(await post(), { status: 200, body: { ok: true } })
  end(pid)
})

t.test('a tool that lets nobody read its environment is found by its mark, and stopped', async (t) => {
  // The kernel closes what /proc tells of a program that its own user may not read: execve(2), proc(5).
  const unreadable = path.join(dir, 'unreadable')
  copyFileSync('/bin/sleep', unreadable)
  chmodSync(unreadable, 0o111)
  agentIs(
    `(setsid sh -c 'echo $$ >${told}; exec ${unreadable} 300 >/dev/null 2>&1' &)
     until [ -s ${told} ]; do sleep 0.02; done; sleep 0.3`,
  )
  const first = await post()
  await until('the tool', () => textOf(`/proc/${textOf(told).trim()}/cmdline`).startsWith(unreadable))
  const pid = Number(textOf(told))
  t.equal(uidOf(pid), SERVICE_USER.uid, 'one of the service itself')
  const { stdout } = spawnSync('cat', [`/proc/${pid}/environ`], { ...SERVICE_USER, encoding: 'utf8' })
  t.equal(stdout, '', 'whose environment it may not read')
  const runId = runIdOf(first.body.codex_exec_result?.command ?? '')
  t.match(await endOf(service, runId), { outcome: 'exited', return_code: 0 })
  t.notOk(textOf(`/proc/${pid}/cmdline`).startsWith(unreadable), 'it is gone')
})
