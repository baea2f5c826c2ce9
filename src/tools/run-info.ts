import type { Clock } from '../base/clock.ts'
import { Type } from '../base/schema.ts'
import type { RunRecord } from '../record/run-record.ts'
import { type Tool, tool } from './tool.ts'

/** What it takes. */
export interface RunInfoDeps {
  readonly clock: Pick<Clock, 'now'>
}

/** Tells the agent about its own run. */
export const runInfoTool = ({ clock }: RunInfoDeps): Tool =>
  tool({
    name: 'run_info',
    description:
      'Look up this run: its id, slot and workspace, how long it has run, when it will be ended, and what is left of its budget.',
    input: Type.Object({}, { additionalProperties: false }),
    isReadOnly: true,
    call: async (_args, run) => infoOf(run, clock.now()),
  })

function infoOf(run: RunRecord, now: number): Readonly<Record<string, unknown>> {
  const { launchedAt, timeoutMs, stallMs, budget, usage, costUsd } = run
  const endsAt = launchedAt === null || timeoutMs === 0 ? null : launchedAt + timeoutMs
  const used = usage?.total ?? null
  return {
    run_id: run.runId,
    name: run.name,
    agent: run.agent,
    model: run.model,
    slot: run.slot,
    workspace: run.worktree?.workspace ?? run.workspace,
    running_seconds: launchedAt === null ? 0 : Math.max(0, Math.round((now - launchedAt) / 1000)),
    ends_at: endsAt === null ? null : new Date(endsAt).toISOString(),
    seconds_left: endsAt === null ? null : Math.max(0, Math.round((endsAt - now) / 1000)),
    ended_after_silent_seconds: stallMs === 0 ? null : stallMs / 1000,
    max_tokens: budget.maxTokens || null,
    tokens_used: used,
    max_cost_usd: budget.maxCostUsd || null,
    cost_usd: costUsd,
  }
}
