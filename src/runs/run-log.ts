import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { LooperError, messageOf } from '../errors.ts'
import { anywhere, type PlaceToCut } from '../logging/redact.ts'
import { shellQuote } from '../shell-quote.ts'

/** Where a run's output goes. */
export interface RunLog {
  readonly path: string
  /** Bytes of the header; the agent's output starts here. */
  readonly headerBytes: number
}

/** What the header tells. */
export interface RunLogHeader {
  readonly requestId: string
  readonly workspace: string
  /** The argv as one line. */
  readonly command: string
}

const TRAILER = /^# codex_exec_return_code=(-?\d+|unknown)$/gm
const TAIL_BYTES = 16_384
const HEADER_LINES = 4
const NEWLINE = 10

/** `codex-exec-<YYYYMMDD-HHMMSS>-<request id>.log`, in local time. */
export function runLogName(requestId: string, at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const date = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  return `codex-exec-${date}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}-${requestId}.log`
}

/** Whether a file name is that of a run log. */
export function isRunLogName(name: string): boolean {
  return /^codex-exec-\d{8}-\d{6}-\w+\.log$/.test(name)
}

/**
 * Creates a run's log and writes its header.
 * @throws {LooperError} `LOOPER_LOG_UNWRITABLE`
 */
export async function createRunLog(dir: string, header: RunLogHeader, at: Date): Promise<RunLog> {
  const file = path.join(dir, runLogName(header.requestId, at))
  const text =
    `# looper_request_id=${header.requestId}\n# workspace=${oneLine(header.workspace)}\n` +
    `# command=${header.command}\n\n`
  try {
    await mkdir(dir, { recursive: true })
    // Prompts may be private, so the log is the owner's alone.
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
    return { path: file, headerBytes: Buffer.byteLength(text) }
  } catch (error) {
    throw new LooperError('LOOPER_LOG_UNWRITABLE', `cannot write the run log ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** A path as it is, but for one that would break the line. */
function oneLine(file: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(file) ? shellQuote([file]) : file
}

/** The return code in the log's last trailer, `unknown` where nobody could know it; null where there is none (yet). */
export function readTrailer(file: string): number | 'unknown' | null {
  const last = [...readEnd(file).matchAll(TRAILER)].at(-1)?.[1]
  if (last === undefined) return null
  return last === 'unknown' ? last : Number(last)
}

/**
 * The last lines of the agent's own output, without header and trailer. Where it begins within the output, that is at a
 * `placeToCut`: half of a secret would be known to nobody as one.
 */
export function readTail(file: string, lines: number, placeToCut: PlaceToCut = anywhere): string {
  const output = readEnd(file, headerEnd, placeToCut).replace(/\n# codex_exec_return_code=\S+\n$/, '')
  return output.trim().split('\n').slice(-lines).join('\n')
}

/** The end of a file, from no earlier than `earliest` tells. */
function readEnd(
  file: string,
  earliest: (fd: number) => number = () => 0,
  placeToCut: PlaceToCut = anywhere,
): string {
  const fd = openSync(file, 'r')
  try {
    const first = earliest(fd)
    const { size } = fstatSync(fd)
    // Twice as much: what stands across the place to cut has its begin before it.
    const start = Math.max(first, size - 2 * TAIL_BYTES)
    const buffer = Buffer.alloc(size - start)
    const bytes = buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, start))
    return bytes.toString('utf8', placeToCut(bytes, Math.max(0, bytes.length - TAIL_BYTES)))
  } finally {
    closeSync(fd)
  }
}

/** Where the header ends: behind its fourth line, the empty one. The command may be longer than any tail. */
function headerEnd(fd: number): number {
  const chunk = Buffer.alloc(TAIL_BYTES)
  let offset = 0
  let lines = 0
  while (lines < HEADER_LINES) {
    const bytes = chunk.subarray(0, readSync(fd, chunk, 0, chunk.length, offset))
    if (bytes.length === 0) break
    const newline = bytes.indexOf(NEWLINE)
    if (newline === -1) {
      offset += bytes.length
    } else {
      offset += newline + 1
      lines++
    }
  }
  return offset
}
