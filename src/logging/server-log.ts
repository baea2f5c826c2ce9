import { lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { type Logger, pino } from 'pino'
import type { LogLevel } from '../config.ts'
import { messageOf } from '../errors.ts'
import { standInFor } from '../stand-in.ts'
import { markEvents } from './raw-lines.ts'
import { byteRedactor, type ListSecrets, type PlaceToCut, redactor } from './redact.ts'

// All of date-fns, 304 modules, would take longer to load than the rest of the log. At first a name is formatted; names are
// parsed when old files are removed.
standInFor('date-fns', 'pino-roll', (require) => {
  const load = (name: string) => require(`date-fns/${name}`)[name]
  let parse: ((...values: unknown[]) => unknown) | null = null
  return {
    format: load('format'),
    addDays: load('addDays'),
    isValid: load('isValid'),
    parse(...values: unknown[]) {
      // Once: finding a module among so many takes long each time.
      parse ??= load('parse')
      return parse?.(...values)
    },
  }
})
const { default: pinoRoll } = await import('pino-roll')

/** The server log: structured events, and agents' output between them. Whoever opened it closes it. */
export interface ServerLog {
  readonly logger: Logger
  /**
   * For what every request brings. Its lines hold no fields that may be secret, and wait a moment, or for the next line
   * of another kind, so that many are written as one: SIGKILL in that moment takes them along.
   */
  readonly requests: Logger
  /**
   * Appends whole lines as they are, but for secrets, and for what would be taken for an event. False where they cannot be
   * written now: it keeps the bytes, which must not change.
   */
  raw(lines: Buffer): boolean
  /** Where what goes to `raw` can be cut. */
  readonly placeToCut: PlaceToCut
  /** Flushes and closes. Nothing may be written after it. */
  close(): Promise<void>
}

/** When the server log starts a new file, and how many it keeps. */
export interface RotationOptions {
  /** As pino-roll takes it: `50m`. */
  readonly size: string
  /** Files kept, the current one included. */
  readonly count: number
}

/** What is held back while the disk is full; more is dropped. */
const MAX_UNWRITTEN_BYTES = 16_777_216

/** How long the lines of requests may wait. */
const REQUEST_LINES_MS = 20

/** Fields that hold secrets, whatever their value. */
const SECRET_KEYS = ['authorization', 'token', 'secret', 'password', 'api_key'].flatMap((key) => [
  key,
  `*.${key}`,
])

const DEFAULT_ROTATION: RotationOptions = { size: '50m', count: 10 }

/**
 * Opens the server log. The path itself is a link to the current file, replaced in one step at each rotation, so that
 * `tail -F` follows. The files lie in `<path>.d/`, because pino-roll counts every numbered neighbour as its own.
 * Writes are synchronous: nothing is lost in a crash. Secrets are taken out of every line.
 */
export async function openServerLog(
  file: string,
  level: LogLevel,
  rotation: RotationOptions = DEFAULT_ROTATION,
  secrets: ListSecrets = () => [],
): Promise<ServerLog> {
  const name = path.basename(file)
  const dir = `${file}.d`
  mkdirSync(dir, { recursive: true })
  keepForeignFile(file, dir)

  const stream = await pinoRoll({
    file: path.join(dir, name.replace(/\.log$/, '')),
    extension: '.log',
    dateFormat: 'yyyy-MM-dd',
    frequency: 'daily',
    size: rotation.size,
    limit: { count: rotation.count, removeOtherLogFiles: true },
    sync: true,
    contentMode: 'buffer',
    maxLength: MAX_UNWRITTEN_BYTES,
    mkdir: true,
    // It holds what agents write, like their own logs.
    mode: 0o600,
  })
  const relink = () => {
    const fresh = `${file}.link`
    rmSync(fresh, { force: true })
    symlinkSync(path.join(path.basename(dir), path.basename(stream.file)), fresh)
    renameSync(fresh, file)
  }
  relink()

  // A full disk must not end the service; what could not be written goes out with the next line that can.
  let isBehind = false
  stream.on('error', (error: unknown) => {
    if (!isBehind) process.stderr.write(`looper: cannot write the server log: ${messageOf(error)}\n`)
    isBehind = true
  })
  stream.on('write', () => {
    isBehind = false
  })
  stream.on('ready', () => {
    try {
      relink()
    } catch (error) {
      stream.emit('error', error)
    }
  })

  const redact = redactor(secrets)
  const { clean, placeToCut } = byteRedactor(secrets)
  // An answer that is cut off at the very end tells of that when nothing can be written any more.
  let isClosed = false
  const write = (bytes: Buffer) => {
    if (!isClosed) stream.write(bytes)
  }

  let waiting = ''
  const flush = () => {
    const lines = waiting
    waiting = ''
    if (lines !== '') write(Buffer.from(escapeControls(redact(lines))))
  }
  process.on('exit', flush)

  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return {
    logger: pino(
      { ...options, redact: { paths: SECRET_KEYS, censor: '[redacted]' } },
      {
        write: (line) => {
          waiting += line
          flush()
        },
      },
    ),
    requests: pino(options, {
      write: (line) => {
        if (waiting === '') setTimeout(flush, REQUEST_LINES_MS).unref()
        waiting += line
      },
    }),
    raw(lines) {
      flush()
      write(markEvents(clean(lines)))
      return !isBehind
    },
    placeToCut,
    close: () =>
      new Promise((resolve) => {
        flush()
        process.off('exit', flush)
        isClosed = true
        stream.once('close', resolve)
        stream.once('error', () => stream.destroy())
        stream.end()
      }),
  }
}

/** JSON escapes the ASCII controls only; a terminal obeys those above ASCII, and some viewers break lines at them. */
function escapeControls(line: string): string {
  return line.replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** A plain file at the path is an older service's log: it is moved beside ours, not overwritten. */
function keepForeignFile(file: string, dir: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found?.isFile())
    renameSync(file, path.join(dir, `${path.basename(file)}.before-looper-${found.mtimeMs}`))
}
