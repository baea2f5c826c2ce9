import { shellQuote } from '../base/shell-quote.ts'
import type { PlanAnswer } from './answers.ts'
import { NO_BUDGET } from './budget/budget.ts'
import { budgetAnswer } from './budget/schemas.ts'
import type { Plan } from './plan.ts'

/** A plan as the API tells it. */
export function planAnswer({ would, notice, stop, launch }: Plan): PlanAnswer {
  return {
    ok: true,
    plan: {
      would,
      notice,
      stop: stop.map(({ runId, ageSeconds, ...agent }) => ({
        ...agent,
        run_id: runId,
        age_seconds: ageSeconds,
      })),
      launch: launch && {
        argv: [...launch.argv],
        command: shellQuote(launch.argv),
        workspace: launch.workspace,
        binary: launch.binary.path,
        binary_source: launch.binary.source,
        delay_seconds: launch.delayMs / 1000,
        timeout_seconds: launch.timeoutMs / 1000,
        stall_seconds: launch.stallMs / 1000,
        /* c8 ignore next: whatever is asked for has one */
        ...budgetAnswer(launch.budget ?? NO_BUDGET),
        verify: launch.check?.line ?? null,
      },
    },
  }
}
