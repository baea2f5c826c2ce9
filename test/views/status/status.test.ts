import { rmSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { codex } from '../../../src/agents/codex/codex.ts'
import type { Held } from '../../../src/runs/holds/holds.ts'
import type { Run } from '../../../src/runs/run.ts'
import { AutopollState } from '../../../src/triggers/autopoll/schemas.ts'
import { type StatusSources, statusOf } from '../../../src/views/status/status.ts'
import { NO_DAYS } from '../../helpers/days.ts'
import { heartOf } from '../../helpers/heart.ts'
import { FAKE_CODEX } from '../../helpers/live-run.ts'
import { startTestService, until } from '../../helpers/service.ts'

const HELD: Held = {
  agent: 'claude',
  since: 0,
  until: 60_000,
  tryAt: 62_000,
  tries: 0,
  probe: null,
  runId: 'a',
  isTold: true,
  heldUntil: 62_000,
}

/** Sources that can tell everything; a run of theirs lives for each of these prompts. */
function sourcesOf(test: Test, ...prompts: string[]) {
  const heart = heartOf(test)
  const runs = prompts.map((prompt): Run => {
    const { runId, request } = heart.begin(prompt)
    const identity = { bootId: '', pid: 1, start: '' }
    return {
      ...request,
      runId,
      command: '',
      logPath: '',
      agent: identity,
      wrapper: identity,
      expectEnd: () => undefined,
      expectNoEnd: () => undefined,
      ended: Promise.withResolvers<never>().promise,
    }
  })
  const sources: StatusSources = {
    version: '1.2.3',
    startedAt: 0,
    agent: codex.name,
    findings: [],
    runs: {
      days: NO_DAYS,
      slots: () => [{ slot: 'default', occupant: null, waiting: null, taken: false, live: runs }],
      occupation: async () => ({ obstacle: 'live', agents: [1] }),
      holds: { all: () => [HELD] },
    },
    ledger: heart.ledger,
    parts: [{ name: 'autopoll', schema: AutopollState, look: async () => ({ enabled: false }) }],
    notice: () => ({ kind: 'log', route: null, problem: null, last: null }),
    logDir: test.testdir(),
    minFreeMb: 0,
  }
  return { runs, sources: { ...sources, ledger: heart.ledger } }
}

const broken = (why: string) => () => {
  throw new Error(why)
}

t.test('beside a survivor the newest run is the current one', async (t) => {
  const { runs, sources } = sourcesOf(t, 'survivor', 'newest')
  const status = await statusOf(sources)
  t.equal(status.current?.run_id, runs[1]?.runId)
  t.match(status, { live_pids: [1], disk: { ok: true } })
  t.same(status.holds, [
    {
      agent: 'claude',
      since: '1970-01-01T00:00:00.000Z',
      until: '1970-01-01T00:01:00.000Z',
      held_until: '1970-01-01T00:01:02.000Z',
      run_id: 'a',
      waiting_count: 0,
    },
  ])
  t.same(status.problems, {})
})

t.test('messages that wait to be sent are told, and since when', async (t) => {
  const { sources } = sourcesOf(t, 'the one')
  t.same((await statusOf(sources)).outbox, { pending: 0, given_up: 0, oldest_pending_at: null })
  const message = { runId: 'a', conversation: 'c', edits: null, content: 'x', instead: null, isUrgent: false }
  sources.ledger.addToOutbox({ ...message, key: 'k', createdAt: 60_000 }, () => undefined)
  const waiting = { pending: 1, given_up: 0, oldest_pending_at: '1970-01-01T00:01:00.000Z' }
  t.same((await statusOf(sources)).outbox, waiting)
})

t.test('every part that cannot be told is null, with the reason; all others are told', async (t) => {
  const { sources } = sourcesOf(t, 'the one')
  /** How much room there is, others change. */
  const look = async (from: StatusSources) => {
    const { disk, ...rest } = await statusOf(from)
    return { ...rest, disk: disk && { ...disk, free_mb: 0 } }
  }
  const failing: [part: string, Partial<StatusSources>, string][] = [
    ['live_pids', { runs: { ...sources.runs, occupation: async () => broken('no /proc')() } }, 'no /proc'],
    [
      'autopoll',
      { parts: [{ name: 'autopoll', schema: AutopollState, look: async () => broken('no directory')() }] },
      'no directory',
    ],
    ['notice', { notice: broken('no file') }, 'no file'],
    [
      'disk',
      { logDir: '/no/such/directory' },
      "ENOENT: no such file or directory, statfs '/no/such/directory'",
    ],
  ]
  const well = await look(sources)
  const all: Record<string, string> = {}
  for (const [part, change, why] of failing) {
    const status = await look({ ...sources, ...change })
    t.same(status, { ...well, [part]: null, problems: { [part]: why } }, part)
    all[part] = why
  }
  const no = broken('no ledger')
  const ledger = { find: no, listed: no, slotQueues: no, waitingOf: no, outboxCounts: no }
  const withoutLedger = await look({ ...sources, ledger })
  const everyOne = { slots: 'no ledger', holds: 'no ledger', current: 'no ledger', outbox: 'no ledger' }
  t.same(withoutLedger, {
    ...well,
    slots: null,
    holds: null,
    current: null,
    outbox: null,
    problems: everyOne,
  })
  const worst = Object.assign({}, sources, ...failing.map(([, change]) => change))
  t.same((await look(worst)).problems, all)
})

t.test('a service whose log directory is removed tells so, and the rest', async (t) => {
  const dir = t.testdir({ logs: {}, workspace: {} })
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: FAKE_CODEX,
    LOOPER_WORKSPACE: path.join(dir, 'workspace'),
    LOOPER_DEFAULT_PROMPT: 'exit 0',
    LOOPER_AUTO_START_WHEN_IDLE: '1',
    LOOPER_IDLE_LOG_STALE_SECONDS: '3600',
    LOOPER_MIN_FREE_MB: '0',
  })
  t.teardown(() => service.stop())
  rmSync(service.logDir, { recursive: true })
  const look = async () => {
    const response = await fetch(`${service.url}/status`)
    t.equal(response.status, 200)
    return Object(await response.json())
  }
  // Until its first launch has failed, it has no need of the directory.
  await until('the autopoll cannot tell', async () => (await look()).autopoll === null)
  t.match(await look(), {
    ok: true,
    autopoll: null,
    disk: null,
    notice: { kind: 'log' },
    problems: { autopoll: /^ENOENT: /, disk: /^ENOENT: / },
  })
})
