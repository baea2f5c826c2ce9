import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { LooperError, messageOf } from '../errors.ts'

/** Where a run's output goes. Whoever created it closes `fd`. */
export interface RunLog {
  readonly path: string
  /** Open for appending. */
  readonly fd: number
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

const TRAILER = /^# codex_exec_return_code=(-?\d+)$/gm
const TAIL_BYTES = 16_384

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
    `# looper_request_id=${header.requestId}\n# workspace=${header.workspace}\n` +
    `# command=${header.command}\n\n`
  let fd: number | null = null
  try {
    await mkdir(dir, { recursive: true })
    // Prompts may be private, so the log is the owner's alone.
    fd = openSync(file, 'ax', 0o600)
    writeSync(fd, text)
    return { path: file, fd, headerBytes: Buffer.byteLength(text) }
  } catch (error) {
    if (fd !== null) closeSync(fd)
    throw new LooperError('LOOPER_LOG_UNWRITABLE', `cannot write the run log ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** The return code in the log's last trailer; null where there is none (yet). */
export function readTrailer(file: string): number | null {
  const last = [...readEnd(file).matchAll(TRAILER)].at(-1)?.[1]
  return last === undefined ? null : Number(last)
}

/** The last lines of the agent's own output, without header and trailer. */
export function readTail(file: string, lines: number): string {
  const output = readEnd(file)
    .replace(/^# looper_request_id=[^\n]*\n# workspace=[^\n]*\n# command=[^\n]*\n/, '')
    .replace(/\n# codex_exec_return_code=\S+\n$/, '')
  return output.trim().split('\n').slice(-lines).join('\n')
}

function readEnd(file: string): string {
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    const start = Math.max(0, size - TAIL_BYTES)
    const buffer = Buffer.alloc(size - start)
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start))
  } finally {
    closeSync(fd)
  }
}
