import type { Clock } from '../base/clock.ts'
import type { Asks } from '../people/asks.ts'
import type { Ledger } from '../record/ledger.ts'
import type { Holds } from '../runs/holds/holds.ts'
import { askEvents } from './ask-events.ts'
import { NEWS_MS, type PushEvent } from './event.ts'
import { endEvent, holdEvent } from './run-events.ts'

/** Where what happened stands. */
export interface Sources {
  readonly asks: () => readonly Pick<Asks, 'list'>[]
  readonly ledger: Pick<Ledger, 'list' | 'listed'>
  readonly holds: Pick<Holds, 'all'>
  readonly clock: Pick<Clock, 'now'>
}

/** Which ends and holds to look for: all that are news, or only these. */
export interface Happened {
  readonly runIds: readonly string[] | 'all'
  readonly agents: readonly string[] | 'all'
}

/** As many as are looked through for what is news. */
const MOST = 500

/** What happened of late, as it stands on the record: whatever was told of it before. */
export function gather({ asks, ledger, holds, clock }: Sources, { runIds, agents }: Happened): PushEvent[] {
  const since = clock.now() - NEWS_MS
  const recent = asks()
    .flatMap((one) => one.list(null, MOST))
    .filter(({ askedAt, settledAt }) => (settledAt ?? askedAt) >= since)
  const names = new Map(
    ledger.listed(recent.map(({ runId }) => runId)).map(({ runId, name }) => [runId, name]),
  )
  const ended = runIds === 'all' ? ledger.list({ limit: MOST }) : ledger.listed(runIds)
  const held = holds.all().filter(({ agent, isTold }) => (agents === 'all' ? isTold : agents.includes(agent)))
  return [
    ...recent.flatMap((ask) => askEvents(ask, names.get(ask.runId) ?? 'A run')),
    ...ended.flatMap((run) => endEvent(run) ?? []),
    ...held.map((hold) => holdEvent(hold, agents === 'all')),
  ].filter(({ at }) => at >= since)
}
