import { existsSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { mirrorLog } from '../../src/logging/mirror.ts'
import { readTrailer } from '../../src/logs/run-log.ts'
import { createLiveRuns } from '../../src/runs/live.ts'
import type { LaunchRequest } from '../../src/runs/run.ts'
import { heartOf } from '../helpers/heart.ts'
import { NO_WORKTREES } from '../helpers/no-worktrees.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'
import { exhaustDescriptors } from '../helpers/shortage.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

const WAIT = 'until [ -e go ]; do sleep 0.02; done'
const STUBBORN = "trap '' INT TERM; while :; do sleep 0.05; done"

type Heart = ReturnType<typeof heartOf>

/** Launches a run that is on the record as an intent. */
async function launch(heart: Heart, prompt: string, changes: Partial<LaunchRequest> = {}) {
  const live = createLiveRuns(heart.deps)
  const { runId, request } = heart.begin(prompt, changes)
  const run = await live.launch(runId, request)
  return { live, run, runId, request, record: () => heart.ledger.find(runId) }
}

const go = ({ workspace }: Heart) => writeFileSync(path.join(workspace, 'go'), '')

t.test('a launch is on the record as soon as it happened, and its end when all is over', async (t) => {
  const heart = heartOf(t)
  const before = Date.now()
  const { live, run, runId, record, request } = await launch(
    heart,
    `${WAIT}; echo; echo tokens used; echo 1,050`,
  )
  t.strictSame(live.all(), [run])
  const { agent, wrapper, logPath, command } = run
  t.match(run, { runId, requestId: request.requestId, trigger: 'http' })
  t.match(record(), { command, logPath, agentIdentity: agent, wrapperIdentity: wrapper, outcome: null })
  t.ok(Number(record()?.launchedAt) >= before)
  t.ok(Number(record()?.headerBytes) > 0)
  t.equal(record()?.mirroredBytes, record()?.headerBytes)
  t.match(heart.eventsOf('cmd.start'), [{ run_id: runId, pid: agent.pid, log_path: logPath, command }])

  go(heart)
  const end = { outcome: 'exited', returnCode: 0, cause: null }
  t.strictSame(await run.ended, end)
  t.match(record(), { ...end, tokensUsed: 1050 })
  t.ok(Number(record()?.outputBytes) > 'tokens used'.length)
  t.strictSame(live.all(), [])
  t.match(heart.eventsOf('cmd.done'), [{ run_id: runId, leftovers: [], survivors: [] }])
  t.notOk(existsSync(path.join(heart.stateDir, runId)))
})

t.test('what a wrapper told stays until the end is on the record', async (t) => {
  const heart = heartOf(t)
  const { run, runId } = await launch(heart, `${WAIT}; exit 3`)
  const state = path.join(heart.stateDir, runId)
  const other = new DatabaseSync(heart.dbPath)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  go(heart)
  await run.ended
  t.match(textOf(state), /^status 3$/m, 'the service may be killed now')
  other.exec('ROLLBACK')
  await heart.ledger.settle(5000)
  t.match(other.prepare('SELECT return_code FROM runs WHERE run_id = ?').get(runId), { return_code: 3 })
  t.notOk(existsSync(state))
})

t.test('a failing run is told as such, and of several reasons for its end the first counts', async (t) => {
  const heart = heartOf(t)
  const { run, record } = await launch(heart, `${WAIT}; exit 3`)
  run.expectEnd({ outcome: 'replaced', cause: 'replaced by run b' })
  const later = { outcome: 'stopped', cause: 'the service was shut down' } as const
  run.expectEnd(later)
  run.expectNoEnd(later)
  go(heart)
  await run.ended
  t.match(record(), { outcome: 'replaced', returnCode: 3, cause: 'replaced by run b', tokensUsed: null })
  t.equal(heart.eventsOf('cmd.fail').length, 1)
})

for (const [limit, prompt, changes, maxLogBytes, end] of [
  ['its time is over', STUBBORN, { timeoutMs: 300 }, 0, { outcome: 'timed_out', cause: 'it ran for 0.3 s' }],
  ['it is stalled', 'sleep 300', { stallMs: 400 }, 0, { outcome: 'stalled', cause: /no data for 0.4 s/ }],
  ['its log is too long', 'exec yes', {}, 1_048_576, { outcome: 'stopped', cause: 'its log passed 1 MB' }],
] as const) {
  t.test(`a run is ended with its whole tree when ${limit}`, async (t) => {
    const heart = heartOf(t, { maxLogBytes })
    const { run, runId, record } = await launch(heart, `setsid sleep 300 & ${prompt}`, changes)
    t.match(await run.ended, end)
    t.match(record(), end)
    t.ok(Number(record()?.returnCode) < 0)
    t.equal(record()?.returnCode, readTrailer(run.logPath))
    t.same(carriers(runId), [])
    t.match(heart.eventsOf('run.limit'), [{ run_id: runId, ...end }])
  })
}

t.test('limits that cannot be watched are told, and watched as soon as they can be', async (t) => {
  const heart = heartOf(t)
  let isBlind = true
  const { processes } = heart.deps.table
  const table = {
    ...heart.deps.table,
    processes: () => (isBlind ? Promise.reject(new Error('no table')) : processes()),
  }
  const { runId, request } = heart.begin(WAIT, { stallMs: 60_000 })
  const run = await createLiveRuns({ ...heart.deps, table }).launch(runId, request)
  await until('it is told', () => heart.eventsOf('run.limit.fail').length > 0)
  t.match(heart.eventsOf('run.limit.fail'), [{ error: 'no table', run_id: runId }])
  t.ok(await heart.deps.table.isAlive(run.agent))
  go(heart)
  await until('the other look fails, too', () => heart.eventsOf('run.watch.fail').length > 0)
  t.match(heart.eventsOf('run.watch.fail'), [{ error: 'no table' }])
  t.equal(heart.ledger.find(runId)?.outcome, null, 'without a table nobody can say that nothing is left')
  isBlind = false
  t.match(await run.ended, { outcome: 'exited', returnCode: 0 }, 'what the wrapper told is kept')
  t.equal(heart.eventsOf('run.limit.fail').length, 1)
})

t.test('a run that passed a limit is stopped as soon as it can be', async (t) => {
  const heart = heartOf(t)
  let fails = 3
  const { processes } = heart.deps.table
  const table = {
    ...heart.deps.table,
    processes: () => (fails-- > 0 ? Promise.reject(new Error('no table')) : processes()),
  }
  const { runId, request } = heart.begin('exec sleep 300', { timeoutMs: 200 })
  const run = await createLiveRuns({ ...heart.deps, table }).launch(runId, request)
  t.match(await run.ended, { outcome: 'timed_out' })
  t.ok(fails < 0)
  t.same(carriers(runId), [])
})

t.test('a log in whose place something else stands harms nobody', async (t) => {
  for (const [name, act] of [
    ['a pipe', 'mkfifo "$f"'],
    ['a directory', 'mkdir "$f"'],
    ['a link to an endless file', 'ln -s /dev/zero "$f"'],
    ['a loop', 'ln -s "$f" "$f"'],
    ['a link to another file', 'echo precious >other; ln -s "$PWD/other" "$f"'],
  ] as const) {
    const heart = heartOf(t)
    const { run, record } = await launch(heart, `f=$(readlink /proc/$$/fd/1); rm "$f"; ${act}; exit 3`)
    const cause = 'its log was removed while it ran'
    t.match(await run.ended, { outcome: 'exited', returnCode: 3, cause }, name)
    t.match(record(), { returnCode: 3, cause, outputBytes: null }, name)
    t.match(heart.eventsOf('run.log.gone'), [{ error: cause }])
    if (existsSync(path.join(heart.workspace, 'other'))) {
      t.equal(textOf(path.join(heart.workspace, 'other')), 'precious\n', 'nothing is written to it')
    }
  }
})

t.test('a log that nobody can read keeps no run from its end', async (t) => {
  const heart = heartOf(t)
  const left = await heart.leftBy(WAIT)
  const record = heart.ledger.find(left.runId)
  if (!record) return t.fail('it is on the record')
  const logPath = path.join(heart.deps.logDir, 'x'.repeat(300))
  const live = createLiveRuns(heart.deps)
  const run = live.adopt(record, { ...left, logPath, command: 'codex exec', ranMs: 0, toCheck: null })
  go(heart)
  const cause = /^its log cannot be read: ENAMETOOLONG/
  t.match(await run.ended, { outcome: 'exited', returnCode: 0, cause })
  t.match(heart.ledger.find(left.runId), { cause, outputBytes: null })
})

t.test('no descriptors are no verdict on a log', async (t) => {
  const heart = heartOf(t)
  let isThere = true
  const table = {
    ...heart.deps.table,
    inspect: async () => null,
    signal: async () => false,
    processes: async () => [],
    isAlive: async () => isThere,
  }
  const { runId, request } = heart.begin('echo out; exec sleep 300')
  const run = await createLiveRuns({ ...heart.deps, table }).launch(runId, request)
  await until('it runs', () => textOf(run.logPath).endsWith('out\n'))
  const restore = await exhaustDescriptors(t, process.pid)
  process.kill(run.agent.pid, 'SIGKILL')
  isThere = false
  await until('a look at the log failed', () => heart.eventsOf('run.log.fail').length > 0)
  t.match(heart.eventsOf('run.log.fail'), [{ error: /EMFILE/ }])
  await restore()
  t.match(await run.ended, { outcome: 'signaled', returnCode: -9 })
  t.ok(Number(heart.ledger.find(runId)?.outputBytes) > 0)
})

t.test('a log that may not be read is told as such', async (t) => {
  if (process.getuid?.() === 0) return t.plan(0, 'root may read everything')
  const heart = heartOf(t)
  const { run } = await launch(heart, 'chmod 0 "$(readlink /proc/$$/fd/1)"; exit 3')
  t.match(await run.ended, { outcome: 'exited', returnCode: 3, cause: /^its log cannot be read: EACCES/ })
})

t.test('output is mirrored from behind the header, and how far is on the record', async (t) => {
  const lines: string[] = []
  const { clock } = heartOf(t).deps
  await t.test('mirrored', async (t) => {
    const heart = heartOf(t, {
      mirror: (file, from, mirrored, complete) =>
        mirrorLog({
          path: file,
          from,
          mirrored,
          complete,
          clock,
          write: (bytes) => lines.push(String(bytes)) > 0,
        }),
    })
    const { run, record } = await launch(heart, `echo one; ${WAIT}; echo two`)
    await until('the first line', () => Number(record()?.mirroredBytes) === Number(record()?.headerBytes) + 4)
    t.equal(lines.join(''), 'one\n')
    go(heart)
    await run.ended
    t.equal(lines.join(''), 'one\ntwo\n\n# codex_exec_return_code=0\n')
  })
})

t.test('a mirror that fails is told, and the run goes on', async (t) => {
  const heart = heartOf(t, { mirror: () => Promise.reject(new Error('no mirror')) })
  const { run } = await launch(heart, WAIT)
  go(heart)
  t.match(await run.ended, { outcome: 'exited', returnCode: 0 })
  t.match(heart.eventsOf('run.mirror.fail'), [{ error: 'no mirror' }])
})

t.test('a run whose logs are moved away, with a file in their place, still ends on the record', async (t) => {
  const heart = heartOf(t)
  const { live, run, record } = await launch(heart, WAIT)
  renameSync(heart.deps.logDir, path.join(heart.dir, 'moved'))
  writeFileSync(heart.deps.logDir, 'in the way')
  go(heart)
  t.match(await run.ended, { outcome: 'exited', returnCode: 0 })
  t.match(record(), { outcome: 'exited', returnCode: 0, outputBytes: null, tokensUsed: null })
  t.strictSame(live.all(), [])
})

t.test('a log that was cut off while the run wrote it counts as empty', async (t) => {
  const heart = heartOf(t)
  const { run, record } = await launch(heart, WAIT)
  truncateSync(run.logPath)
  go(heart)
  t.match(await run.ended, { outcome: 'exited', returnCode: 0 })
  t.match(record(), { outcome: 'exited', outputBytes: 0 })
})

t.test('a state file that cannot be removed is told, and the run has ended all the same', async (t) => {
  const heart = heartOf(t)
  const { live, run, runId } = await launch(heart, WAIT)
  const state = path.join(heart.stateDir, runId)
  rmSync(state)
  mkdirSync(state)
  go(heart)
  t.match(await run.ended, { outcome: 'exited', returnCode: 0 })
  t.strictSame(live.all(), [])
  t.match(heart.eventsOf('run.state.fail'), [{ run_id: runId }])
})

t.test('a launch that fails leaves nothing live', async (t) => {
  const heart = heartOf(t)
  const live = createLiveRuns(heart.deps)
  const { runId, request } = heart.begin('true')
  writeFileSync(heart.stateDir, 'in the way')
  await t.rejects(live.launch(runId, request), { code: 'LOOPER_LAUNCH_FAILED' })
  t.strictSame(live.all(), [])
  const logPath = heart.ledger.find(runId)?.logPath
  t.match(textOf(String(logPath)), /^# looper_request_id=.*_return_code=unknown\n$/s)
})

t.test('a workspace that is gone is told, and its log says that nobody knows a status', async (t) => {
  const heart = heartOf(t)
  const live = createLiveRuns(heart.deps)
  const { runId, request } = heart.begin('true')
  rmSync(heart.workspace, { recursive: true })
  await t.rejects(live.launch(runId, request), { code: 'LOOPER_WORKSPACE_INVALID' })
  t.strictSame(live.all(), [])
  t.match(textOf(String(heart.ledger.find(runId)?.logPath)), /_return_code=unknown\n$/)
})

t.test('a work tree that was made for a run that cannot be launched is settled', async (t) => {
  const worktree = { id: 'one', branch: 'looper/one', workspace: '/nowhere', kept: null }
  const settled: unknown[] = []
  const heart = heartOf(t, {
    worktrees: {
      ...NO_WORKTREES,
      open: async () => worktree,
      async settle(one) {
        settled.push(one)
        return one
      },
    },
  })
  const launching = launch(heart, 'true', { isolation: { earlier: null } })
  await t.rejects(launching, { code: 'LOOPER_WORKSPACE_INVALID' })
  t.same(settled, [worktree])
})
