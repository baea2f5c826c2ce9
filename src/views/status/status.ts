import { freeMb } from '../../base/disk.ts'
import { messageOf } from '../../base/errors.ts'
import { timeOf } from '../../base/iso-time.ts'
import type { Caller } from '../../http/tokens.ts'
import type { LastNotice } from '../../notices/last.ts'
import type { NoticeRoute } from '../../notices/notice.ts'
import { outboxStateOf } from '../../notices/outbox-state.ts'
import type { StatusPart } from '../../plugin.ts'
import type { Ledger } from '../../record/ledger.ts'
import { budgetAnswer } from '../../runs/budget/schemas.ts'
import { holdAnswers } from '../../runs/holds/hold-schemas.ts'
import type { Runs } from '../../runs/runs.ts'
import { slotAnswers } from '../../runs/slot-views.ts'
import { DEFAULT_SLOT } from '../../runs/slots.ts'
import { summaryOf } from '../../runs/views.ts'
import type { StatusCore } from './schemas.ts'

/** Where the parts of the status come from. */
export interface StatusSources {
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly agent: string
  /** What is wrong with the settings, as it was found at the start. */
  readonly findings: StatusCore['findings']
  readonly runs: Pick<Runs, 'occupation' | 'slots' | 'days'> & { readonly holds: Pick<Runs['holds'], 'all'> }
  readonly ledger: Pick<Ledger, 'find' | 'listed' | 'slotQueues' | 'waitingOf' | 'outboxCounts'>
  /** What plug-ins tell. */
  readonly parts: readonly StatusPart[]
  readonly notice: () => NoticeState
  readonly logDir: string
  readonly minFreeMb: number
}

/** How notices are sent, and how the last one went. */
export interface NoticeState extends NoticeRoute {
  readonly last: LastNotice | null
}

/** What Looper is doing now, gathered at once. What cannot be told now is null, and `problems` says why. */
export async function statusOf(sources: StatusSources, caller: Caller | null = null): Promise<StatusCore> {
  const { runs, ledger, parts, logDir, minFreeMb } = sources
  const problems: Record<string, string> = {}

  async function tell<T>(part: string, look: () => T | Promise<T>): Promise<T | null> {
    try {
      return await look()
    } catch (error) {
      problems[part] = messageOf(error)
      return null
    }
  }

  const slots = runs.slots()
  const standard = slots.find(({ slot }) => slot === DEFAULT_SLOT)
  const occupant = standard?.occupant
  return {
    ok: true,
    version: sources.version,
    token: caller && { name: caller.name, scope: caller.scope },
    findings: [...sources.findings],
    started_at: timeOf(sources.startedAt),
    agent: sources.agent,
    slot: {
      taken: standard?.taken ?? false,
      request_id: occupant?.requestId ?? null,
      run_id: occupant?.runId ?? null,
      step: occupant?.step ?? null,
    },
    slots: await tell('slots', () => slotAnswers(runs, ledger)),
    holds: await tell('holds', () => holdAnswers(runs.holds, ledger)),
    current: await tell('current', () => {
      // A survivor of a stop may live beside it.
      const run = standard?.live.at(-1)
      const record = run ? ledger.find(run.runId) : null
      return record && summaryOf(record)
    }),
    live_pids: await tell('live_pids', async () => [...(await runs.occupation()).agents]),
    ...Object.fromEntries(
      await Promise.all(parts.map(async ({ name, look }) => [name, await tell(name, look)] as const)),
    ),
    today: await tell('today', () => {
      const { day, tokens, costUsd, cap, until, usedUp } = runs.days.today()
      const used = { day, tokens, cost_usd: costUsd, until: timeOf(until), spent: usedUp !== null }
      return { ...used, ...budgetAnswer(cap) }
    }),
    notice: await tell('notice', () => {
      const { last, ...notice } = sources.notice()
      return { ...notice, last: last && { ...last, at: timeOf(last.at) } }
    }),
    outbox: await tell('outbox', () => outboxStateOf(ledger.outboxCounts())),
    disk: await tell('disk', () => {
      const free = freeMb(logDir)
      return { path: logDir, free_mb: free, min_free_mb: minFreeMb, ok: free >= minFreeMb }
    }),
    problems,
  }
}
