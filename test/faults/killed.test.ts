import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t, { type Test } from 'tap'
import {
  FAKE_CODEX,
  markOf,
  runsOf,
  serverLogOf,
  stopSurely,
  trailersIn,
  watchForTwo,
} from '../helpers/fault-service.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { PROJECT, startTestService, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** What the record says of a run after the service is back. */
type Fate =
  /** Nothing was recorded of it. */
  | 'unknown'
  /** It is followed to its end. */
  | 'adopted'
  | 'failed_to_start'
  /** Ended, and its end was recorded. */
  | 'replaced'
  /** Ended by the stop, and the service died before it recorded why. */
  | 'signaled'

/** Each step at which the service is killed, and what becomes of the old run and the new one. */
const STEPS: Readonly<Record<string, readonly [old: Fate, fresh: Fate]>> = {
  'before the intent': ['adopted', 'unknown'],
  'after the intent': ['adopted', 'failed_to_start'],
  'before the notice': ['adopted', 'failed_to_start'],
  'after the notice': ['adopted', 'failed_to_start'],
  'before the stop': ['adopted', 'failed_to_start'],
  'during the stop': ['signaled', 'failed_to_start'],
  'after the stop': ['replaced', 'failed_to_start'],
  'between stop and spawn': ['replaced', 'failed_to_start'],
  'right after the spawn': ['replaced', 'adopted'],
  'before the identity is recorded': ['replaced', 'adopted'],
  'after the identity is recorded': ['replaced', 'adopted'],
  'mid-run': ['replaced', 'adopted'],
}

// Each one waits more than it works.
t.jobs = 3

for (const [step, fates] of Object.entries(STEPS)) {
  t.test(`4: killed ${step}: old run ${fates[0]}, new run ${fates[1]}`, { buffered: true }, (t) =>
    checkKilledAt(t, step, fates),
  )
}

async function checkKilledAt(t: Test, step: string, [oldFate, freshFate]: readonly [Fate, Fate]) {
  const dir = t.testdir({ logs: {}, workspace: {} })
  const logDir = path.join(dir, 'logs')
  const workspace = path.join(dir, 'workspace')
  t.teardown(() => killCarriers(markOf(logDir)))
  const watch = watchForTwo(t, logDir)
  const prompts = ['old', 'fresh'].map((name) => `echo ${name} >>'${workspace}/began'; sleep 300`)

  const child = spawn(
    process.execPath,
    [path.join(PROJECT, 'test/fixtures/killed-at.ts'), logDir, workspace, step, ...prompts],
    {
      stdio: 'inherit',
      env: { PATH: process.env.PATH, TEST_FILE_ID: process.env.TEST_FILE_ID, CODEX_EXEC_LOG_DIR: logDir },
    },
  )
  t.same(await once(child, 'exit'), [null, 'SIGKILL'], 'it died at that step')

  // With the autopoll on: it must not take the machine for idle.
  const service = await startTestService(logDir, {
    CODEX_EXEC_BINARY: FAKE_CODEX,
    LOOPER_MIN_FREE_MB: '0',
    LOOPER_WORKSPACE: workspace,
    LOOPER_DEFAULT_PROMPT: 'exec sleep 300',
    LOOPER_IDLE_POLL_SECONDS: '0.05',
  })
  t.teardown(() => stopSurely(service))
  const isAdopted = oldFate === 'adopted' || freshFate === 'adopted'
  await until('a tick of the autopoll', () =>
    /codex\.exec\.autopoll\.(skip|launch)/.test(serverLogOf(logDir)),
  )

  const runs = await runsOf(service)
  const polled = runs.filter(({ trigger }) => trigger === 'autopoll')
  t.equal(polled.length, isAdopted ? 0 : 1, 'the autopoll launches where nothing lives, and only there')
  const [live, ...others] = runs.filter(({ outcome }) => outcome === null)
  t.same(others, [], 'one run lives')
  for (const [requestId, fate] of [
    ['0000000a', oldFate],
    ['0000000b', freshFate],
  ] as const) {
    const record = runs.find((run) => run.request_id === requestId)
    switch (fate) {
      case 'unknown':
        t.notOk(record)
        break
      case 'adopted':
        t.equal(record?.run_id, live?.run_id, 'it is the live one')
        t.match(serverLogOf(logDir), new RegExp(`"run_id":"${record?.run_id}".*"msg":"run\\.adopt"`))
        break
      case 'failed_to_start':
        t.match(record, { outcome: fate, cause: 'the service ended before the launch', pid: null })
        break
      case 'replaced':
        t.match(record, { outcome: fate, return_code: -2, cause: /^replaced by run / })
        break
      case 'signaled':
        t.match(record, { outcome: fate, return_code: -2, cause: 'ended by signal 2' })
    }
  }
  await until('the live run has its agent', () => carriers(live?.run_id ?? '-').length > 0)
  const copies = textOf(path.join(workspace, 'began'))
    .split('\n')
    .filter((line) => line === 'fresh').length
  t.ok(copies <= 1, 'the new run began once at most')

  const { body } = await service.post({ zulip_message: 'x', codex_prompt: '' })
  t.same(body.killed_codex_exec_pids, [live?.pid], 'the next request finds and stops it')
  if (isAdopted) t.equal(trailersIn(live?.log_path ?? ''), 1)
  await service.stop()
  t.same(watch.overlaps, [])
}
