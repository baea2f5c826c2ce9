import { isUtf8 } from 'node:buffer'
import type { RunRecord } from '../record/run-record.ts'
import { changesSummary } from '../runs/changes/summary.ts'

/** Bytes of a log as a Server-Sent Event: text where they are UTF-8, else base64; its id is the offset behind them. */
export function outputFrame(bytes: Buffer, end: number): Buffer {
  const data = isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') }
  return Buffer.from(`event: output\nid: ${end}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** The id of the last event: whoever shows it has everything. */
export const LAST_ID = 'end'

/** The end of a run as the last event of its log, with what its check said where it had one, and what it changed where that is known. */
export function endFrame(run: RunRecord): string {
  const { runId, outcome, returnCode, cause, tokensUsed, verdict, verdictCause, changes } = run
  const data = {
    ...{ run_id: runId, outcome, return_code: returnCode, cause, tokens_used: tokensUsed },
    ...(verdict !== null && { verdict, verdict_cause: verdictCause }),
    ...(changes && { changes: changesSummary(changes) }),
  }
  return `event: end\nid: ${LAST_ID}\ndata: ${JSON.stringify(data)}\n\n`
}
