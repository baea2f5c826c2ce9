import { isUtf8 } from 'node:buffer'
import type { RunRecord } from './ledger.ts'

/** Bytes of a log as a Server-Sent Event: text where they are UTF-8, else base64; its id is the offset behind them. */
export function outputFrame(bytes: Buffer, end: number): Buffer {
  const data = isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') }
  return Buffer.from(`event: output\nid: ${end}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** The end of a run as the last event of its log. */
export function endFrame({ runId, outcome, returnCode, cause }: RunRecord): string {
  const data = { run_id: runId, outcome, return_code: returnCode, cause }
  return `event: end\nid: end\ndata: ${JSON.stringify(data)}\n\n`
}

/** How many of these bytes hold no character whose rest may still come. */
export function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes.at(-back) ?? 0
    // One that continues a character tells nothing of its length.
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}
