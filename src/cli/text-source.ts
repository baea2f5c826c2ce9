import { readFileSync } from 'node:fs'
import path from 'node:path'
import { addAbortSignal } from 'node:stream'
import { messageOf } from '../base/errors.ts'
import { wrongUse } from './failure.ts'
import type { Surroundings } from './world.ts'

/** What may be read, and where it may come from. */
const SOURCES = {
  answer: 'the words of the command line and stdin',
  memory: '--set',
  hint: 'the words of the command line and stdin',
  message: 'the words of the command line and stdin',
  note: 'the words of the command line and stdin',
  question: 'the words of the command line and stdin',
  report: 'a file and -',
  prompt: '--prompt, --prompt-file and -',
  'system prompt': '--system-prompt and --system-prompt-file',
} as const

/** Where such a text may come from; at most one of them. */
export interface TextWords {
  readonly text: string | undefined
  readonly file: string | undefined
  /** The word `-`. */
  readonly stdin?: string | undefined
}

/** Whether it is read from stdin. */
export const isFromStdin = ({ file, stdin }: TextWords): boolean => stdin !== undefined || file === '-'

/** The text, to the byte; undefined where none is given. @throws {Failure} where it cannot be read, or is no text */
export async function readText(
  name: keyof typeof SOURCES,
  words: TextWords,
  world: Surroundings,
): Promise<string | undefined> {
  const { text, file, stdin } = words
  const sources = [text, file, stdin].filter((source) => source !== undefined)
  if (sources.length > 1) throw wrongUse(`more than one ${name}: use only one of ${SOURCES[name]}`)
  if (text !== undefined) return text
  if (isFromStdin(words)) return decode(await readAll(world), `the ${name} on stdin`)
  if (file === undefined) return undefined
  return decode(readFile(path.resolve(world.cwd, file), name), `the ${name} in ${file}`)
}

/** A word of the command line, or with `-` what stdin says. @throws {Failure} as {@link readText} */
export function readWord(
  name: keyof typeof SOURCES,
  word: string | undefined,
  world: Surroundings,
): Promise<string | undefined> {
  const isStdin = word === '-'
  const sources = { text: isStdin ? undefined : word, file: undefined, stdin: isStdin ? word : undefined }
  return readText(name, sources, world)
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw wrongUse(`${where} is not UTF-8`)
  }
}

async function readAll({ stdin, interrupted }: Surroundings): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of addAbortSignal(interrupted, stdin)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function readFile(file: string, name: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw wrongUse(`cannot read the ${name}: ${messageOf(error)}`)
  }
}
