import { closeSync, constants, fstatSync, readdirSync, readSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { LooperError, messageOf } from '../base/errors.ts'
import { openPlain } from '../base/plain-file.ts'
import { shellQuote } from '../base/shell-quote.ts'
import { anywhere, type PlaceToCut } from '../logging/redact.ts'

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
const HEADER_BEGIN = '# looper_request_id='
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
  try {
    await mkdir(dir, { recursive: true })
    return { path: file, headerBytes: beginLog(file, header) }
  } catch (error) {
    throw new LooperError('LOOPER_LOG_UNWRITABLE', `cannot write the run log ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** Creates a log and writes its header, whose bytes it tells. @throws {Error} of Node's, also where something is there */
export function beginLog(file: string, header: RunLogHeader): number {
  const text =
    `# looper_request_id=${header.requestId}\n# workspace=${oneLine(header.workspace)}\n` +
    `# command=${header.command}\n\n`
  // Prompts may be private, so the log is the owner's alone.
  writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  return Buffer.byteLength(text)
}

/** A path as it is, but for one that would break the line. */
function oneLine(file: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(file) ? shellQuote([file]) : file
}

/**
 * The log of a request, found by its name, with the command that its header tells; null where there is none.
 * @throws {Error} where nobody can say at the moment
 */
export function findRunLog(dir: string, requestId: string): (RunLog & { readonly command: string }) | null {
  const names = readdirSync(dir).filter((name) => isRunLogName(name) && name.endsWith(`-${requestId}.log`))
  for (const name of names.sort().reverse()) {
    const file = path.join(dir, name)
    const header = read(file, headerOf) ?? ''
    const command = /^# command=([^\n]*)/m.exec(header)?.[1]
    if (command !== undefined) return { path: file, headerBytes: Buffer.byteLength(header), command }
  }
  return null
}

/**
 * Adds the trailer with the agent's status, null where nobody knows it, unless it is there already. Tells whether the log
 * is still there: neither a link nor a second name of another file is written to.
 * @throws {Error} of Node's, where it cannot be written
 */
export function addTrailer(file: string, status: number | null): boolean {
  const trailer = `\n# codex_exec_return_code=${status ?? 'unknown'}\n`
  const added = read(
    file,
    (fd) => {
      if (fstatSync(fd).nlink > 1) return false
      const end = endOf(fd)
      const isTerminated = end === '' || end.endsWith('\n')
      if (!end.endsWith(trailer)) writeFileSync(fd, isTerminated ? trailer : `\n${trailer}`)
      return true
    },
    constants.O_RDWR | constants.O_APPEND,
  )
  return added ?? false
}

/**
 * The return code in the log's last trailer, `unknown` where nobody could know it; null where there is none (yet). It is
 * what readers see, no evidence: an agent may print such a line.
 */
export function readTrailer(file: string): number | 'unknown' | null {
  const text = read(file, (fd) => endOf(fd)) ?? ''
  const last = [...text.matchAll(TRAILER)].at(-1)?.[1]
  if (last === undefined) return null
  return last === 'unknown' ? last : Number(last)
}

/**
 * The last lines of the agent's own output, without header and trailer; none where the log is gone. Where it begins within
 * the output, that is at a `placeToCut`: half of a secret would be known to nobody as one.
 * @throws {Error} where nobody can say at the moment
 */
export function readTail(file: string, lines: number, placeToCut: PlaceToCut = anywhere): string {
  const text = read(file, (fd) => endOf(fd, headerEnd(fd), placeToCut)) ?? ''
  const output = text.replace(/\n# codex_exec_return_code=\S+\n$/, '')
  return output.trim().split('\n').slice(-lines).join('\n')
}

/** What the work makes of an open log; null where there is no plain file. */
function read<T>(file: string, work: (fd: number) => T, flags?: number): T | null {
  const fd = openPlain(file, flags)
  if (fd === null) return null
  try {
    return work(fd)
  } finally {
    closeSync(fd)
  }
}

/** The end of a file, from no earlier than that. */
function endOf(fd: number, earliest = 0, placeToCut: PlaceToCut = anywhere): string {
  const { size } = fstatSync(fd)
  // Twice as much: what stands across the place to cut has its begin before it.
  const start = Math.max(earliest, size - 2 * TAIL_BYTES)
  // It may have become shorter since the header was read.
  const buffer = Buffer.alloc(Math.max(0, size - start))
  const bytes = buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, start))
  return bytes.toString('utf8', placeToCut(bytes, Math.max(0, bytes.length - TAIL_BYTES)))
}

function headerOf(fd: number): string {
  const header = Buffer.alloc(headerEnd(fd))
  return header.toString('utf8', 0, readSync(fd, header, 0, header.length, 0))
}

/**
 * Where the header ends: behind its fourth line, the empty one. The command may be longer than any tail. 0 where somebody
 * cut it off.
 */
function headerEnd(fd: number): number {
  const chunk = Buffer.alloc(TAIL_BYTES)
  let offset = 0
  let lines = 0
  while (lines < HEADER_LINES) {
    const bytes = chunk.subarray(0, readSync(fd, chunk, 0, chunk.length, offset))
    if (offset === 0 && !bytes.toString().startsWith(HEADER_BEGIN)) return 0
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
