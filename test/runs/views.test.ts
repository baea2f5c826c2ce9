import t from 'tap'
import type { RunRecord } from '../../src/runs/ledger.ts'
import { detailsOf, summaryOf } from '../../src/runs/views.ts'

const INTENT: RunRecord = {
  seq: 7,
  runId: 'one',
  requestId: '0a1b2c3d',
  trigger: 'http',
  caller: null,
  agent: 'codex',
  name: 'a run',
  workspace: '/repo',
  prompt: 'do this',
  binary: '/usr/bin/codex',
  timeoutMs: 1500,
  stallMs: 0,
  requestedAt: 0,
  announcedAt: null,
  notice: null,
  noticeId: null,
  noticeText: null,
  stoppedAt: null,
  stoppedPids: [],
  command: null,
  logPath: null,
  headerBytes: 0,
  launchedAt: null,
  agentIdentity: null,
  wrapperIdentity: null,
  mirroredBytes: 0,
  endedAt: null,
  outcome: null,
  returnCode: null,
  cause: null,
  outputBytes: null,
  tokensUsed: null,
}

const ENDED: RunRecord = {
  ...INTENT,
  announcedAt: 1_000,
  notice: 'OK',
  noticeId: 42,
  noticeText: 'Starting over',
  stoppedAt: 2_000,
  stoppedPids: [11],
  command: 'codex exec',
  logPath: '/logs/a.log',
  launchedAt: 3_000,
  agentIdentity: { bootId: 'boot', pid: 21, start: '101' },
  wrapperIdentity: { bootId: 'boot', pid: 20, start: '100' },
  endedAt: 4_000,
  outcome: 'signaled',
  returnCode: -9,
  cause: 'ended by signal 9',
  outputBytes: 12,
  tokensUsed: 1050,
}

t.test('a run that only was asked for has nulls for what did not happen yet', async (t) => {
  t.strictSame(summaryOf(INTENT), {
    run_id: 'one',
    request_id: '0a1b2c3d',
    trigger: 'http',
    caller: null,
    agent: 'codex',
    workspace: '/repo',
    pid: null,
    log_path: null,
    outcome: null,
    return_code: null,
    cause: null,
    requested_at: '1970-01-01T00:00:00.000Z',
    announced_at: null,
    stopped_at: null,
    started_at: null,
    ended_at: null,
    notice: null,
    notice_id: null,
    stopped_pids: [],
    output_bytes: null,
    tokens_used: null,
    timeout_seconds: 1.5,
    stall_seconds: 0,
  })
  t.match(detailsOf(INTENT), {
    command: null,
    boot_id: null,
    agent_start_ticks: null,
    wrapper_pid: null,
    wrapper_start_ticks: null,
  })
})

t.test('a run that ended shows every step, in details also who it was', async (t) => {
  const summary = summaryOf(ENDED)
  t.match(summary, {
    pid: 21,
    log_path: '/logs/a.log',
    outcome: 'signaled',
    return_code: -9,
    cause: 'ended by signal 9',
    announced_at: '1970-01-01T00:00:01.000Z',
    stopped_at: '1970-01-01T00:00:02.000Z',
    started_at: '1970-01-01T00:00:03.000Z',
    ended_at: '1970-01-01T00:00:04.000Z',
    notice: 'OK',
    notice_id: 42,
    stopped_pids: [11],
    output_bytes: 12,
    tokens_used: 1050,
  })
  t.strictSame(detailsOf(ENDED), {
    ...summary,
    prompt: 'do this',
    binary: '/usr/bin/codex',
    command: 'codex exec',
    boot_id: 'boot',
    agent_start_ticks: '101',
    wrapper_pid: 20,
    wrapper_start_ticks: '100',
  })
})
