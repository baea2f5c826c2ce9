import { isUtf8 } from 'node:buffer'
import type { RunRecord } from '../record/ledger.ts'

/** Bytes of a log as a Server-Sent Event: text where they are UTF-8, else base64; its id is the offset behind them. */
export function outputFrame(bytes: Buffer, end: number): Buffer {
  const data = isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') }
  return Buffer.from(`event: output\nid: ${end}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** The id of the last event: whoever shows it has everything. */
export const LAST_ID = 'end'

/** The end of a run as the last event of its log. */
export function endFrame({ runId, outcome, returnCode, cause, tokensUsed }: RunRecord): string {
  const data = { run_id: runId, outcome, return_code: returnCode, cause, tokens_used: tokensUsed }
  return `event: end\nid: ${LAST_ID}\ndata: ${JSON.stringify(data)}\n\n`
}
