import type { SQLInputValue } from 'node:sqlite'
import type { Identity } from '../processes/table.ts'
import { OUTCOMES } from '../runs/outcome.ts'
import { TRIGGERS } from '../runs/run.ts'
import { notRun } from '../runs/verify/verdict.ts'
import { budgetColumns, budgetIn } from './budget.ts'
import { numberOrNull, textOrNull } from './cells.ts'
import { changesColumns, changesIn } from './changes.ts'
import type { ListedRun, RunFinish, RunIntent, RunProgress, RunRecord } from './run-record.ts'
import { tokenIn } from './run-token.ts'
import { saidColumns, saidIn } from './said.ts'
import { checkColumns, checkIn, VERDICT_COLUMNS, verdictColumns } from './verify.ts'
import { worktreeColumns, worktreeIn } from './worktree.ts'

/** An intent as columns. */
export function intentColumns(intent: RunIntent): Record<string, SQLInputValue> {
  return {
    run_id: intent.runId,
    request_id: intent.requestId,
    trigger: intent.trigger,
    caller: intent.caller,
    name: intent.name,
    agent: intent.agent,
    model: intent.model,
    slot: intent.slot,
    workspace: intent.workspace,
    shares_workspace: intent.sharesWorkspace ? 1 : 0,
    prompt: intent.prompt,
    binary: intent.binary,
    // The columns take whole numbers only, and 1.005 s are 1004.9999999999999 ms.
    timeout_ms: Math.round(intent.timeoutMs),
    stall_ms: Math.round(intent.stallMs),
    requested_at: Math.round(intent.requestedAt),
    session_id: intent.session ?? null,
    ...checkColumns(intent.check ?? null),
    ...budgetColumns(intent.budget ?? undefined),
    asked: intent.asked ?? null,
    on_quota: intent.onQuota ?? null,
  }
}

/** The given steps as columns. */
export function progressColumns(progress: RunProgress): Record<string, SQLInputValue> {
  const { agentIdentity, wrapperIdentity, stoppedPids, noticeId } = progress
  const columns: Record<string, SQLInputValue | undefined> = {
    announced_at: timeOrNone(progress.announcedAt),
    notice: progress.notice,
    notice_id: noticeId === undefined ? undefined : integerOrNull(noticeId),
    notice_text: progress.noticeText,
    stopped_at: timeOrNone(progress.stoppedAt),
    stopped_pids: stoppedPids && JSON.stringify(stoppedPids),
    command: progress.command,
    log_path: progress.logPath,
    header_bytes: progress.headerBytes,
    launched_at: timeOrNone(progress.launchedAt),
    boot_id: agentIdentity?.bootId,
    agent_pid: agentIdentity?.pid,
    agent_start: agentIdentity?.start,
    wrapper_pid: wrapperIdentity?.pid,
    wrapper_start: wrapperIdentity?.start,
    mirrored_bytes: progress.mirroredBytes,
    near_at: timeOrNone(progress.nearAt),
    silent_since: progress.silentSince === null ? null : timeOrNone(progress.silentSince),
    ...(progress.said && saidColumns(progress.said)),
    ...changesColumns(progress),
    ...worktreeColumns(progress),
    token_sha256: progress.tokenSha256,
  }
  const given: Record<string, SQLInputValue> = {}
  for (const [name, value] of Object.entries(columns)) if (value !== undefined) given[name] = value
  return given
}

/** An end as columns. */
export function finishColumns(finish: RunFinish) {
  return {
    outcome: finish.outcome,
    cause: finish.cause,
    remedy: finish.remedy ?? null,
    return_code: integerOrNull(finish.returnCode),
    ended_at: Math.round(finish.endedAt),
    output_bytes: integerOrNull(finish.outputBytes),
    tokens_used: integerOrNull(finish.tokensUsed),
    ...verdictColumns(finish.check ?? notRun(finish)),
  }
}

/** The columns of an end. */
export const END_COLUMNS = [
  'outcome',
  'cause',
  'remedy',
  'return_code',
  'ended_at',
  'output_bytes',
  'tokens_used',
  ...VERDICT_COLUMNS,
] as const

/**
 * A number from outside that its column can hold and JavaScript can read again; one that is none is not known. SQLite keeps
 * up to 64 bits, of which Node reads 53.
 */
function integerOrNull(value: number | null): number | null {
  return Number.isSafeInteger(value) ? value : null
}

/** What is computed of a time may have fractions, which the columns do not take. */
const timeOrNone = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms))

type Row = Record<string, unknown>

/** A row as a record. */
export function toRecord(row: Row): RunRecord {
  return {
    ...toListed(row),
    prompt: String(row.prompt),
    noticeText: textOrNull(row.notice_text),
    command: textOrNull(row.command),
    reply: textOrNull(row.reply),
  }
}

/** A row without its long texts. */
export function toListed(row: Row): ListedRun {
  return {
    seq: Number(row.seq),
    isWaiting: row.queue_place !== null && row.launched_at === null && row.outcome === null,
    runId: String(row.run_id),
    requestId: String(row.request_id),
    trigger: TRIGGERS.find((trigger) => trigger === row.trigger) ?? 'http',
    caller: textOrNull(row.caller),
    // One of an older Looper may have none.
    name: textOrNull(row.name) ?? String(row.request_id),
    agent: String(row.agent),
    model: textOrNull(row.model),
    slot: String(row.slot),
    workspace: String(row.workspace),
    sharesWorkspace: row.shares_workspace === 1,
    binary: String(row.binary),
    timeoutMs: Number(row.timeout_ms),
    stallMs: Number(row.stall_ms),
    requestedAt: Number(row.requested_at),
    announcedAt: numberOrNull(row.announced_at),
    notice: textOrNull(row.notice),
    noticeId: numberOrNull(row.notice_id),
    stoppedAt: numberOrNull(row.stopped_at),
    stoppedPids: typeof row.stopped_pids === 'string' ? JSON.parse(row.stopped_pids) : [],
    logPath: textOrNull(row.log_path),
    headerBytes: Number(row.header_bytes),
    launchedAt: numberOrNull(row.launched_at),
    agentIdentity: identityOf(row, 'agent'),
    wrapperIdentity: identityOf(row, 'wrapper'),
    mirroredBytes: Number(row.mirrored_bytes),
    silentSince: numberOrNull(row.silent_since),
    endedAt: numberOrNull(row.ended_at),
    outcome: OUTCOMES.find((outcome) => outcome === row.outcome) ?? null,
    returnCode: numberOrNull(row.return_code),
    cause: textOrNull(row.cause),
    remedy: textOrNull(row.remedy),
    outputBytes: numberOrNull(row.output_bytes),
    tokensUsed: numberOrNull(row.tokens_used),
    ...saidIn(row),
    ...checkIn(row),
    ...budgetIn(row),
    ...changesIn(row),
    ...worktreeIn(row),
    ...tokenIn(row),
  }
}

function identityOf(row: Row, who: 'agent' | 'wrapper'): Identity | null {
  const pid = numberOrNull(row[`${who}_pid`])
  return pid === null ? null : { bootId: String(row.boot_id), pid, start: String(row[`${who}_start`]) }
}
