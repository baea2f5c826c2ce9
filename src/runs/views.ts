import { timeOf } from '../base/iso-time.ts'
import type { ListedRun, RunRecord } from '../record/run-record.ts'
import { budgetAnswer } from './budget/schemas.ts'
import { changesSummary } from './changes/summary.ts'
import { hasFailed } from './outcome.ts'
import type { RunDetails, RunSummary } from './run-schemas.ts'
import { worktreeAnswer } from './worktrees/schemas.ts'

/** A run as lists show it. */
export function summaryOf(record: ListedRun): RunSummary {
  return {
    run_id: record.runId,
    request_id: record.requestId,
    trigger: record.trigger,
    caller: record.caller,
    name: record.name,
    agent: record.agent,
    model: record.model,
    slot: record.slot,
    workspace: record.workspace,
    share_workspace: record.sharesWorkspace,
    pid: record.agentIdentity?.pid ?? null,
    log_path: record.logPath,
    waiting: record.isWaiting,
    outcome: record.outcome,
    return_code: record.returnCode,
    cause: record.cause,
    remedy: record.remedy,
    failed: hasFailed(record),
    requested_at: timeOf(record.requestedAt),
    announced_at: timeOf(record.announcedAt),
    stopped_at: timeOf(record.stoppedAt),
    started_at: timeOf(record.launchedAt),
    ended_at: timeOf(record.endedAt),
    notice: record.notice,
    notice_id: record.noticeId,
    stopped_pids: [...record.stoppedPids],
    output_bytes: record.outputBytes,
    tokens_used: record.tokensUsed,
    session_id: record.sessionId,
    usage: record.usage,
    cost_usd: record.costUsd,
    turns: record.turns,
    error_kind: record.errorKind,
    timeout_seconds: record.timeoutMs / 1000,
    stall_seconds: record.stallMs / 1000,
    silent_since: timeOf(record.silentSince),
    ...budgetAnswer(record.budget),
    verify: record.check?.line ?? null,
    verify_timeout_seconds: record.check && record.check.timeoutMs / 1000,
    verdict: record.verdict,
    verdict_cause: record.verdictCause,
    verify_return_code: record.verifyReturnCode,
    changes: changesSummary(record.changes),
    worktree: worktreeAnswer(record.worktree),
  }
}

/** A run with all that is known of it. */
export function detailsOf(record: RunRecord): RunDetails {
  return {
    ...summaryOf(record),
    message: record.noticeText,
    prompt: record.prompt,
    binary: record.binary,
    command: record.command,
    reply: record.reply,
    boot_id: record.agentIdentity?.bootId ?? null,
    agent_start_ticks: record.agentIdentity?.start ?? null,
    wrapper_pid: record.wrapperIdentity?.pid ?? null,
    wrapper_start_ticks: record.wrapperIdentity?.start ?? null,
  }
}
