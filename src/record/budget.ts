import type { SQLInputValue } from 'node:sqlite'
import { type Budget, NO_BUDGET } from '../runs/budget/budget.ts'
import { numberOrNull } from './cells.ts'

/** What an intent says of it. */
export interface Budgeted {
  /** What the run may use; left out or null: no limit. */
  readonly budget?: Budget | null
}

/** What a run may use; 0: no limit. */
export const BUDGET_MIGRATION = `ALTER TABLE runs ADD COLUMN max_tokens INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN max_cost_usd REAL NOT NULL DEFAULT 0;`

/** When people were told that most of it is used, in milliseconds since the epoch. */
export const NEAR_MIGRATION = 'ALTER TABLE runs ADD COLUMN near_at INTEGER;'

/** Its columns. */
export const BUDGET_COLUMNS = ['max_tokens', 'max_cost_usd', 'near_at'] as const

/** What a run on the record has of it. */
export interface BudgetOnRecord {
  readonly budget: Budget
  /** When it was told that most of it is used; null: it was not. */
  readonly nearAt: number | null
}

/** As columns. */
export const budgetColumns = ({
  maxTokens,
  maxCostUsd,
}: Budget = NO_BUDGET): Record<string, SQLInputValue> => ({
  max_tokens: maxTokens,
  max_cost_usd: maxCostUsd,
})

/** From a row. */
export const budgetIn = (row: Readonly<Record<string, unknown>>): BudgetOnRecord => ({
  nearAt: numberOrNull(row.near_at),
  budget: { maxTokens: Number(row.max_tokens), maxCostUsd: Number(row.max_cost_usd) },
})
