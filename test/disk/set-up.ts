import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { openGovernor } from '../../src/disk/governor.ts'
import { logsSource } from '../../src/disk/logs.ts'
import { recordsSource } from '../../src/disk/records.ts'
import type { DiskSource } from '../../src/disk/source.ts'
import { survey } from '../../src/disk/survey.ts'
import { openLedger } from '../../src/record/ledger.ts'
import type { RunIntent } from '../../src/record/run-record.ts'
import { intentOf as anIntentOf, logNameOf, putInto } from '../helpers/record.ts'

export const DAY_MS = 86_400_000
export const MIB = 1_048_576
/** The tests' present, in milliseconds since the epoch. */
export const NOW = Date.UTC(2026, 5, 15)

/** A run on the record, and what it left. */
export interface Left {
  /** In milliseconds; null: it lives. */
  readonly ageMs: number | null
  /** Of its log; null: it has none. */
  readonly bytes?: number | null
  readonly session?: string | null
  readonly agent?: string
  readonly prompt?: string
}

/** How the governor is to be made. */
export interface Wish {
  readonly capBytes?: number
  readonly resumableMs?: number
  readonly now?: () => number
  readonly sources?: readonly DiskSource[]
}

/** Run logs and a ledger, ways to put runs of an age into them, and a governor over both. @param root where they are */
export function setUpDisk(test: Test, root = test.testdir()) {
  const dir = path.join(root, 'logs')
  mkdirSync(dir)
  const dbPath = path.join(dir, '../looper.db')
  const told: string[] = []
  const ledger = openLedger(dbPath, (message) => told.push(message))
  test.teardown(() => ledger.close())
  const events: Record<string, unknown>[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => events.push(JSON.parse(line)) })
  const put = putInto(dir)
  const intentOf = (id: string, more: Partial<RunIntent> = {}) =>
    anIntentOf(id, { requestId: id, requestedAt: NOW, ...more })
  const run = (id: string, { ageMs, bytes = 4, session = null, agent = 'codex', prompt = 'go' }: Left) => {
    const at = NOW - (ageMs ?? 0)
    ledger.begin(intentOf(id, { agent, prompt, session, requestedAt: at - 1000 }))
    const logPath = bytes === null ? null : put(logNameOf(id), at, bytes)
    if (logPath !== null) ledger.step(id, { logPath, launchedAt: at - 1000 })
    const end = {
      outcome: 'exited',
      returnCode: 0,
      cause: null,
      outputBytes: null,
      tokensUsed: null,
    } as const
    if (ageMs !== null) ledger.finish(id, { ...end, endedAt: at })
  }
  const sources: readonly DiskSource[] = [
    logsSource(dir),
    recordsSource({ dbPath, ledger, canResume: (name) => name !== 'sh' }),
  ]
  const depsOf = (wish: Wish = {}) => ({
    sources: wish.sources ?? sources,
    ledger,
    resumableMs: wish.resumableMs ?? 7 * DAY_MS,
    liveLogs: () => new Set<string>(),
  })
  const governorOf = ({ capBytes = 1, now = () => NOW, ...wish }: Wish = {}) =>
    openGovernor({
      ...depsOf(wish),
      capBytes,
      clock: { now, monotonic: () => performance.now(), sleep: async () => undefined },
      logger,
      nextEnd: async () => undefined,
    })
  const never = new AbortController().signal
  return {
    dir,
    dbPath,
    ledger,
    told,
    events,
    logger,
    sources,
    put,
    intentOf,
    run,
    depsOf,
    governorOf,
    look: (wish: Wish = {}) => survey(depsOf(wish), wish.now?.() ?? NOW),
    pass: (wish: Wish = {}) => governorOf(wish).pass(never),
    never,
    names: () => readdirSync(dir).sort(),
    rows: () =>
      ledger
        .list({ limit: 500 })
        .map(({ runId }) => runId)
        .sort(),
    eventsOf: (name: string) => events.filter(({ msg }) => msg === name),
  }
}
