import type { AgentCore } from '../../agents/agent-core.ts'
import type { Said } from '../../agents/said.ts'
import { followNotes } from '../../agents/usage-notes.ts'
import type { Count } from '../../logs/listen.ts'
import type { Ending } from '../outcome.ts'
import {
  type Budget,
  isLimited,
  isNear,
  NOTHING_USED,
  overAtEnd,
  overBudget,
  spentBy,
  withEvent,
} from './budget.ts'
import type { Days } from './days.ts'

/** A run whose use is counted. */
export interface Budgeted {
  readonly runId: string
  readonly kind: Pick<AgentCore, 'notes'>
  readonly budget: Budget
  /** When it began, in milliseconds since the epoch. */
  readonly since: number
  /** When it was told that most of its budget is used; null: it was not. */
  readonly nearAt: number | null
}

/** What counting needs. */
export interface KeepDeps {
  readonly env: () => NodeJS.ProcessEnv
  readonly days: Days
  /** Is told once that most of the budget is used. */
  readonly near: () => void
}

/** Who counts what a run uses. */
export interface Keeper {
  /** Null: nobody wants to know that before the rest. */
  readonly count: Count | null
  /** Resolves when the run has to be stopped, with the reason; or when the signal aborts, with null. */
  readonly passed: Promise<Ending | null>
  /** Takes what is known of its use for that of the day. */
  readonly spend: (so: Said) => void
  /** Why it is over its budget, when it has ended; null: it is not. */
  readonly atEnd: (so: Said) => Ending | null
}

/**
 * Counts what a run uses, from now until the signal aborts; where there is neither a budget nor a cap for the day, only what
 * is known anyhow.
 */
export function keepBudget(
  { runId, kind, budget, since, nearAt }: Budgeted,
  { env, days, near }: KeepDeps,
  over: AbortSignal,
): Keeper {
  const { cap } = days.today()
  const isCounted = isLimited(budget) || isLimited(cap)
  const limits = { maxTokens: budget.maxTokens, maxCostUsd: budget.maxCostUsd || cap.maxCostUsd }
  const own = Promise.withResolvers<Ending | null>()
  let least = NOTHING_USED
  let isTold = nearAt !== null
  over.addEventListener('abort', () => own.resolve(null), { once: true })
  const spend = (so: Said) => days.take(runId, spentBy(so, least))
  const count: Count = {
    noted: kind.notes ? followNotes(kind.notes, env, since) : null,
    event(event) {
      least = withEvent(least, event)
    },
    take(so) {
      spend(so)
      const why = overBudget(so, limits, least)
      if (why) return own.resolve(why)
      if (isTold || !isNear(spentBy(so, least), budget)) return
      isTold = true
      near()
    },
  }
  return {
    count: isCounted ? count : null,
    passed: isLimited(cap) ? Promise.race([days.reached(over), own.promise]) : own.promise,
    spend,
    atEnd: (so) => (isCounted ? overAtEnd(so, limits, least) : null),
  }
}
