import { freeMb } from '../disk.ts'
import type { LastNotice } from '../notices/last.ts'
import type { NoticeRoute } from '../notices/state.ts'
import type { Ledger } from '../runs/ledger.ts'
import type { Runs } from '../runs/runs.ts'
import { summaryOf } from '../runs/views.ts'
import type { Autopoll } from '../triggers/autopoll.ts'
import type { StatusAnswer } from './schemas.ts'

/** Where the parts of the status come from. */
export interface StatusSources {
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly agent: string
  readonly runs: Pick<Runs, 'occupation' | 'occupant' | 'live'>
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

/** What Looper is doing now, gathered at once. */
export async function statusOf(sources: StatusSources): Promise<StatusAnswer> {
  const { runs, ledger, autopoll, logDir, minFreeMb } = sources
  const { obstacle, agents } = await runs.occupation()
  const occupant = runs.occupant()
  // A survivor of a stop may live beside it.
  const run = runs.live().at(-1)
  const record = run ? ledger.find(run.runId) : null
  const poll = (await autopoll?.status()) ?? null
  const { last, ...notice } = sources.notice()
  const free = freeIn(logDir)
  return {
    ok: true,
    version: sources.version,
    started_at: timeOf(sources.startedAt),
    agent: sources.agent,
    slot: {
      taken: obstacle === 'busy',
      request_id: occupant?.requestId ?? null,
      run_id: occupant?.runId ?? null,
      step: occupant?.step ?? null,
    },
    current: record && summaryOf(record),
    live_pids: [...agents],
    autopoll: {
      enabled: poll !== null,
      next_at: poll && timeOf(poll.nextAt),
      would_skip: poll?.wouldSkip?.reason ?? poll?.failure ?? null,
      paused: poll?.wouldSkip?.kind === 'paused',
    },
    notice: { ...notice, last: last && { ...last, at: timeOf(last.at) } },
    disk: {
      path: logDir,
      free_mb: free ?? 0,
      min_free_mb: minFreeMb,
      ok: free !== null && free >= minFreeMb,
    },
  }
}

/** Null for a directory that is gone: nothing can be written there. */
function freeIn(dir: string): number | null {
  try {
    return freeMb(dir)
  } catch {
    return null
  }
}

const timeOf = (ms: number) => new Date(ms).toISOString()
