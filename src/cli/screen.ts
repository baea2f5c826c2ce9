import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { styleText } from 'node:util'
import { harmless, harmlessJson, oneLine } from './harmless.ts'
import type { World } from './world.ts'

/** A colour or a weight. */
export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

/**
 * Where a command says things, and nothing else is: whatever the texts hold, of a service, an agent or a file, a terminal
 * finds nothing in them to obey, and a line stays one.
 */
export interface Screen {
  /** A line of the answer. */
  say(line: string): void
  /** A line about the answer, on stderr. */
  tell(line: string): void
  /** The answer of a program to a program; resolves when more may be written. */
  json(value: unknown): Promise<void>
  /** A place for a log: a terminal gets what cannot harm it, anything else the very bytes. */
  openLog(): LogSink
  /** A line that passes, on stderr; null takes it away. Null itself where stderr is no terminal. */
  readonly passing: ((text: string | null) => void) | null
  /** For {@link Screen.say}: coloured on a terminal, and never with `NO_COLOR`. */
  paint(style: Style, text: string): string
  /** Asks on stderr; resolves with the line that comes on stdin, empty where none does. */
  ask(question: string): Promise<string>
  /** Whether somebody reads what {@link Screen.say} says. */
  readonly isTerminal: boolean
  /** The terminal's width; without bounds where there is none. */
  readonly width: number
}

/** Where a log goes. */
export interface LogSink {
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** Back to the beginning of a line, and the line away. */
const CLEAR = '\r\u001b[K'

/** The screen of this process. */
export function openScreen({ stdin, stdout, stderr, env, interrupted }: World): Screen {
  const isTerminal = stdout.isTTY === true
  // https://no-color.org: any value but an empty one.
  const hasColours = isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
  // No text from elsewhere can hold it.
  const mark = randomUUID()
  const write = async (chunk: string | Uint8Array) => {
    if (!stdout.write(chunk)) await once(stdout, 'drain', { signal: interrupted })
  }

  // Between two marks stands, in turn, what the text says and what colours it.
  const shown = (line: string) =>
    line
      .split(mark)
      .map((part, i) => (i % 2 === 0 ? oneLine(part) : part))
      .join('')

  return {
    say: (line) => void stdout.write(`${shown(line)}\n`),
    tell: (line) => void stderr.write(`${oneLine(line)}\n`),
    json: (value) => write(`${harmlessJson(value)}\n`),
    openLog() {
      if (!isTerminal) return { write, end: async () => undefined }
      const safe = harmless(hasColours)
      return { write: (bytes) => write(safe.write(bytes)), end: () => write(safe.end()) }
    },
    passing:
      stderr.isTTY !== true || env.TERM === 'dumb'
        ? null
        : (text) => void stderr.write(CLEAR + oneLine(text ?? '')),
    async ask(question) {
      stderr.write(`${oneLine(question)} `)
      const lines = createInterface({ input: stdin })
      try {
        // Its end is an answer, too.
        const [line = ''] = await Promise.race([
          once(lines, 'line', { signal: interrupted }),
          once(lines, 'close', { signal: interrupted }),
        ])
        return String(line).trim()
      } finally {
        lines.close()
      }
    },
    isTerminal,
    paint: (style, text) =>
      hasColours
        ? `${mark}${styleText(style, `${mark}${text}${mark}`, { validateStream: false })}${mark}`
        : text,
    width: isTerminal ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
  }
}
