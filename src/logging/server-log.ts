import { type Logger, pino } from 'pino'
import { messageOf } from '../base/errors.ts'
import type { Destination } from './backlog.ts'
import { placeOf } from './log-place.ts'
import { openLogStream } from './log-stream.ts'
import { markEvents } from './raw-lines.ts'
import { byteRedactor, type ListSecrets, type PlaceToCut, redactor } from './redact.ts'
import { openRollingFile, type RotationOptions } from './rolling-file.ts'
import type { LogLevel } from './settings.ts'

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

/** How long the lines of requests may wait. */
const REQUEST_LINES_MS = 20

/** Fields that hold secrets, whatever their value. */
const SECRET_KEYS = ['authorization', 'token', 'secret', 'password', 'api_key'].flatMap((key) => [
  key,
  `*.${key}`,
])

const DEFAULT_ROTATION: RotationOptions = { size: 50 * 1_048_576, count: 10 }

/**
 * Opens the server log: files behind a link at the path, or the device or pipe that is there. Writes are synchronous:
 * nothing is lost in a crash. Secrets are taken out of every line.
 * @throws {LogPlaceError} where what is at the path can be neither replaced nor written to
 */
export async function openServerLog(
  file: string,
  level: LogLevel,
  rotation: RotationOptions = DEFAULT_ROTATION,
  secrets: ListSecrets = () => [],
): Promise<ServerLog> {
  const destination = openDestination(file, rotation)

  const redact = redactor(secrets)
  const { clean, placeToCut } = byteRedactor(secrets)
  // An answer that is cut off at the very end tells of that when nothing can be written any more.
  let isClosed = false
  const write = (bytes: Buffer) => !isClosed && destination.write(bytes)

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
      return write(markEvents(clean(lines)))
    },
    placeToCut,
    async close() {
      flush()
      process.off('exit', flush)
      isClosed = true
      await destination.close()
    },
  }
}

function openDestination(file: string, rotation: RotationOptions): Destination {
  // A full disk must not end the service.
  const failed = (error: unknown) =>
    process.stderr.write(`looper: cannot write the server log: ${messageOf(error)}\n`)
  const place = placeOf(file)
  return place.kind === 'stream'
    ? openLogStream(file, place.stats, failed)
    : openRollingFile(file, rotation, failed)
}

/** JSON escapes the ASCII controls only; a terminal obeys those above ASCII, and some viewers break lines at them. */
function escapeControls(line: string): string {
  return line.replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
