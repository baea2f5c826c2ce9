import { systemClock } from '../../src/base/clock.ts'
import { NO_BUDGET } from '../../src/runs/budget/budget.ts'
import { createDays } from '../../src/runs/budget/days.ts'

/** Days without a cap, and without a record. */
export const NO_DAYS = createDays({
  ledger: {
    spending: () => [],
    setSpending: () => undefined,
    keepSpending: () => undefined,
    note: () => null,
    setNote: () => undefined,
  },
  clock: systemClock,
  cap: NO_BUDGET,
})
