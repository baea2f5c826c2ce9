import type { Client } from './client.ts'

const KEPT_BYTES = 65_536
const LINE_CHARACTERS = 500
/** What the service writes in front of the output, as far as a tail reaches into it. */
const HEADER = /^(# (looper_request_id|workspace|command)=.*\n)*\n+/
/** What the service writes behind the output of an agent. */
const TRAILER = /\n*# codex_exec_return_code=-?\d+\s*$/

/** The last lines of a run's output, the end of each, in all of at most 64 KiB; none where there is no log, or it cannot be read. */
export async function lastLines(
  client: Client,
  runId: string,
  count: number,
  part: 'log' | 'verify-log' = 'log',
): Promise<string[]> {
  try {
    let kept: Buffer = Buffer.alloc(0)
    // The trailer and the empty line in front of it come on top.
    const chunks: AsyncIterable<Buffer> = await client.open(`/runs/${runId}/${part}?tail=${count + 2}`)
    for await (const chunk of chunks) kept = Buffer.concat([kept, chunk]).subarray(-KEPT_BYTES)
    const text = kept.toString('utf8').replace(HEADER, '').replace(TRAILER, '').trimEnd()
    const lines = text === '' ? [] : text.split('\n').slice(-count)
    return lines.map((line) => line.slice(-LINE_CHARACTERS))
  } catch {
    // The rest is worth telling all the same.
    return []
  }
}
