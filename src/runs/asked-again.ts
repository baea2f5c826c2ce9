import type { RunRecord } from '../record/run-record.ts'

/** What a run was asked to be, as the body of a request and as far as it stands on the record: for whoever asks for the like of it. */
export const askedAgain = (run: RunRecord) => ({
  slot: run.slot,
  workspace: run.workspace,
  share_workspace: run.sharesWorkspace,
  agent: run.agent,
  model: run.model,
  timeout_seconds: run.timeoutMs / 1000,
  stall_seconds: run.stallMs / 1000,
  max_tokens: run.budget.maxTokens,
  max_cost_usd: run.budget.maxCostUsd,
})

/** A body as JSON; null counts as absent in it. */
export const withoutNulls = (body: object): string =>
  JSON.stringify(body, (_name, value) => value ?? undefined)
