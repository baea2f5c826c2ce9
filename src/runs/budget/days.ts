import type { Clock } from '../../base/clock.ts'
import { LooperError } from '../../base/errors.ts'
import { timeOf } from '../../base/iso-time.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { Ending } from '../outcome.ts'
import {
  type Budget,
  isNear,
  type Least,
  MOST_TOKENS,
  MOST_USD,
  NOTHING_USED,
  type Spent,
  usedUp,
} from './budget.ts'
import { dayOf, nextDayAt } from './day.ts'

/** What all runs have used today, and may. */
export interface Today extends Least {
  /** In the time zone of the host, as `2026-11-27`. */
  readonly day: string
  readonly cap: Budget
  /** When the next day begins, in milliseconds since the epoch. */
  readonly until: number
  /** What of the cap is used up, in words; null: nothing is. */
  readonly usedUp: string | null
}

/** What runs use day by day, and whether they may go on; it stands on the record, over restarts. */
export interface Days {
  today(): Today
  /** Takes what a run has used so far in all, from the day it began. */
  take(runId: string, spent: Spent): void
  /** Why nothing is launched today; null: the cap is not reached. */
  refusal(): LooperError | null
  /** Resolves as soon as the cap is reached, with the reason why a run has to end; or when the signal aborts, with null. */
  reached(over: AbortSignal): Promise<Ending | null>
  /** The same budget, in which no more is left than of the day. */
  within(budget: Budget): Budget
  /** Is told, once a day, that four fifths of the cap are used. */
  onNear(listener: (today: Today) => void): void
}

/** What days are counted with. */
export interface DaysDeps {
  readonly ledger: Pick<Ledger, 'spending' | 'setSpending' | 'keepSpending' | 'note' | 'setNote'>
  readonly clock: Pick<Clock, 'now'>
  readonly cap: Budget
}

/** A clock that is set forward and back again must not forget today. */
const KEPT_DAYS = 30
/** Others may have used the rest since it was looked at: no agent takes less. */
const CENT_USD = 0.01
/** Under this note stand the days of which it was told that most is used. */
const TOLD = 'budget.days_told'

/** The days of the record. */
export function createDays({ ledger, clock, cap }: DaysDeps): Days {
  const days = new Map<string, Map<string, Least>>()
  const waiting = new Set<(why: Ending) => void>()
  const listeners = new Set<(today: Today) => void>()
  for (const { day, runId, ...least } of ledger.spending()) rowsOf(day).set(runId, least)

  function rowsOf(day: string): Map<string, Least> {
    const rows = days.get(day) ?? new Map<string, Least>()
    days.set(day, rows)
    return rows
  }

  /** What a run used on other days. */
  function usedElsewhere(runId: string, today: string): Least {
    const rows = [...days].flatMap(([day, runs]) => (day === today ? [] : (runs.get(runId) ?? [])))
    return sumOf(rows)
  }

  function today(): Today {
    const now = clock.now()
    const day = dayOf(now)
    const used = sumOf(days.get(day)?.values() ?? [])
    return { ...used, day, cap, until: nextDayAt(now), usedUp: usedUp(used, cap) }
  }

  function forgetOld(): void {
    const old = [...days.keys()].sort().slice(0, -KEPT_DAYS)
    for (const day of old) days.delete(day)
    if (old.length > 0) ledger.keepSpending(KEPT_DAYS)
  }

  function tellNear(now: Today): void {
    if (!isNear(now, cap)) return
    const told: string[] = JSON.parse(ledger.note(TOLD) ?? '[]')
    if (told.includes(now.day)) return
    ledger.setNote(TOLD, JSON.stringify([...told, now.day].slice(-KEPT_DAYS)))
    for (const listener of listeners) listener(now)
  }

  return {
    today,
    take(runId, { tokens, costUsd }) {
      const day = dayOf(clock.now())
      const rows = rowsOf(day)
      const had = rows.get(runId) ?? NOTHING_USED
      const before = usedElsewhere(runId, day)
      const least = {
        tokens: Math.max(had.tokens, Math.min(tokens ?? 0, MOST_TOKENS) - before.tokens),
        costUsd: Math.max(had.costUsd, Math.min(costUsd ?? 0, MOST_USD) - before.costUsd),
      }
      if (least.tokens === had.tokens && least.costUsd === had.costUsd) return
      rows.set(runId, least)
      ledger.setSpending({ day, runId, ...least })
      forgetOld()
      const now = today()
      if (now.usedUp === null) return tellNear(now)
      for (const stop of waiting) stop(endingOf(now.usedUp, now.until))
    },
    refusal() {
      const { usedUp, until } = today()
      if (usedUp === null) return null
      const seconds = Math.max(1, Math.ceil((until - clock.now()) / 1000))
      const what = `today's runs have used ${usedUp}; nothing is launched before ${timeOf(until)}`
      return new LooperError('LOOPER_BUDGET_SPENT', what, { retryAfterSeconds: seconds })
    },
    reached(over) {
      const { promise, resolve } = Promise.withResolvers<Ending | null>()
      const { usedUp, until } = today()
      if (usedUp !== null) return Promise.resolve(endingOf(usedUp, until))
      waiting.add(resolve)
      over.addEventListener('abort', () => {
        waiting.delete(resolve)
        resolve(null)
      })
      return promise
    },
    within({ maxTokens, maxCostUsd }) {
      if (cap.maxCostUsd === 0) return { maxTokens, maxCostUsd }
      const left = Math.max(CENT_USD, cap.maxCostUsd - today().costUsd)
      return { maxTokens, maxCostUsd: maxCostUsd === 0 ? left : Math.min(maxCostUsd, left) }
    },
    onNear(listener) {
      listeners.add(listener)
    },
  }
}

function sumOf(all: Iterable<Least>): Least {
  let { tokens, costUsd } = NOTHING_USED
  for (const one of all) {
    tokens += one.tokens
    costUsd += one.costUsd
  }
  return { tokens, costUsd }
}

const endingOf = (used: string, until: number): Ending => ({
  outcome: 'over_budget',
  cause: `today's runs have used ${used}`,
  remedy: `Resume it after ${timeOf(until)}, or raise LOOPER_DAY_MAX_TOKENS or LOOPER_DAY_MAX_COST_USD and restart Looper.`,
})
