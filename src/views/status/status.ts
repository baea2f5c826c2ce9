import { freeMb } from '../../base/disk.ts'
import { messageOf } from '../../base/errors.ts'
import type { Caller } from '../../http/tokens.ts'
import type { LastNotice } from '../../notices/last.ts'
import type { NoticeRoute } from '../../notices/state.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { Runs } from '../../runs/runs.ts'
import { summaryOf } from '../../runs/views.ts'
import type { Autopoll } from '../../triggers/autopoll/autopoll.ts'
import type { StatusAnswer } from './schemas.ts'

/** Where the parts of the status come from. */
export interface StatusSources {
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly agent: string
  /** What is wrong with the settings, as it was found at the start. */
  readonly findings: StatusAnswer['findings']
  readonly runs: Pick<Runs, 'occupation' | 'isTaken' | 'occupant' | 'live'>
  readonly ledger: Pick<Ledger, 'find'>
  /** Null: it is off. */
  readonly autopoll: Pick<Autopoll, 'status'> | null
  readonly notice: () => NoticeState
  readonly logDir: string
  readonly minFreeMb: number
}

/** How notices are sent, and how the last one went. */
export interface NoticeState extends NoticeRoute {
  readonly last: LastNotice | null
}

/** What Looper is doing now, gathered at once. What cannot be told now is null, and `problems` says why. */
export async function statusOf(sources: StatusSources, caller: Caller | null = null): Promise<StatusAnswer> {
  const { runs, ledger, autopoll, logDir, minFreeMb } = sources
  const problems: Record<string, string> = {}

  async function tell<T>(part: keyof StatusAnswer, look: () => T | Promise<T>): Promise<T | null> {
    try {
      return await look()
    } catch (error) {
      problems[part] = messageOf(error)
      return null
    }
  }

  const occupant = runs.occupant()
  return {
    ok: true,
    version: sources.version,
    token: caller && { name: caller.name, scope: caller.scope },
    findings: [...sources.findings],
    started_at: timeOf(sources.startedAt),
    agent: sources.agent,
    slot: {
      taken: runs.isTaken(),
      request_id: occupant?.requestId ?? null,
      run_id: occupant?.runId ?? null,
      step: occupant?.step ?? null,
    },
    current: await tell('current', () => {
      // A survivor of a stop may live beside it.
      const run = runs.live().at(-1)
      const record = run ? ledger.find(run.runId) : null
      return record && summaryOf(record)
    }),
    live_pids: await tell('live_pids', async () => [...(await runs.occupation()).agents]),
    autopoll: await tell('autopoll', async () => {
      const poll = (await autopoll?.status()) ?? null
      return {
        enabled: poll !== null,
        next_at: poll && timeOf(poll.nextAt),
        would_skip: poll?.wouldSkip?.reason ?? poll?.failure ?? null,
        paused: poll?.paused ?? false,
      }
    }),
    notice: await tell('notice', () => {
      const { last, ...notice } = sources.notice()
      return { ...notice, last: last && { ...last, at: timeOf(last.at) } }
    }),
    disk: await tell('disk', () => {
      const free = freeMb(logDir)
      return { path: logDir, free_mb: free, min_free_mb: minFreeMb, ok: free >= minFreeMb }
    }),
    problems,
  }
}

const timeOf = (ms: number) => new Date(ms).toISOString()
