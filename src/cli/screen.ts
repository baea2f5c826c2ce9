import { once } from 'node:events'
import { styleText } from 'node:util'
import type { World } from './world.ts'

/** A colour or a weight. */
export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** Where a command says things. */
export interface Screen {
  /** A line of the answer. */
  say(line: string): void
  /** A line about the answer, on stderr. */
  tell(line: string): void
  /** The answer of a program to a program. */
  json(value: unknown): void
  /** Raw output; resolves when more may be written. */
  write(chunk: string | Uint8Array): Promise<void>
  /** Coloured on a terminal, and never with `NO_COLOR`. */
  paint(style: Style, text: string): string
  readonly hasColours: boolean
  readonly isTerminal: boolean
  /** The terminal's width; without bounds where there is none. */
  readonly width: number
}

/** The screen of this process. */
export function openScreen({ stdout, stderr, env, interrupted }: World): Screen {
  const isTerminal = stdout.isTTY === true
  // https://no-color.org: any value but an empty one.
  const hasColours = isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
  const write = async (chunk: string | Uint8Array) => {
    if (!stdout.write(chunk)) await once(stdout, 'drain', { signal: interrupted })
  }
  const say = (line: string) => void stdout.write(`${line}\n`)
  return {
    say,
    tell: (line) => void stderr.write(`${line}\n`),
    json: (value) => say(JSON.stringify(value)),
    write,
    paint: (style, text) => (hasColours ? styleText(style, text, { validateStream: false }) : text),
    hasColours,
    isTerminal,
    width: isTerminal ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
  }
}
