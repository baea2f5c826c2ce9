import { readFileSync } from 'node:fs'
import path from 'node:path'
import { addAbortSignal } from 'node:stream'
import { messageOf } from '../base/errors.ts'
import { wrongUse } from './failure.ts'
import type { Surroundings } from './world.ts'

/** Where a prompt may come from; at most one of them. */
export interface PromptWords {
  readonly text: string | undefined
  readonly file: string | undefined
  /** The word `-`. */
  readonly stdin: string | undefined
}

/** Whether the prompt is read from stdin. */
export const isFromStdin = ({ file, stdin }: PromptWords): boolean => stdin !== undefined || file === '-'

/** The prompt, to the byte; null where none is given. @throws {Failure} where it cannot be read, or is no text */
export async function readPrompt(words: PromptWords, world: Surroundings): Promise<string | null> {
  const { text, file, stdin } = words
  const sources = [text, file, stdin].filter((source) => source !== undefined)
  if (sources.length > 1)
    throw wrongUse('more than one prompt: use only one of --prompt, --prompt-file and -')
  if (text !== undefined) return text
  if (isFromStdin(words)) return decode(await readAll(world), 'on stdin')
  return file === undefined ? null : decode(readFile(path.resolve(world.cwd, file)), `in ${file}`)
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw wrongUse(`the prompt ${where} is not UTF-8`)
  }
}

async function readAll({ stdin, interrupted }: Surroundings): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of addAbortSignal(interrupted, stdin)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function readFile(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw wrongUse(`cannot read the prompt: ${messageOf(error)}`)
  }
}
