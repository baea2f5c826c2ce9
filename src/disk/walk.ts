import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { errnoOf } from '../base/errors.ts'

/** What is not there, any more or yet, or is something else by now. */
const GONE: readonly unknown[] = ['ENOENT', 'ENOTDIR']

/**
 * The names in a directory; none where there is no directory. All at once: on a busy service each look waits for its turn behind
 * hundreds of others, so that few looks count for more than a little memory.
 */
export async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (GONE.includes(errnoOf(error))) return []
    throw error
  }
}

/** What stands at a path, links not followed; null: nothing. */
export async function lookAt(file: string) {
  try {
    return await lstat(file)
  } catch (error) {
    if (GONE.includes(errnoOf(error))) return null
    throw error
  }
}

/** So many are looked at side by side. */
const AT_ONCE = 512

/** What stands in a directory under names that mean something, and what they mean; links are not followed. */
export async function* entriesIn<T>(dir: string, meaningOf: (name: string) => T | null | undefined) {
  const names = await namesIn(dir)
  for (let index = 0; index < names.length; index += AT_ONCE) {
    const wanted = names.slice(index, index + AT_ONCE).flatMap((name) => {
      const meaning = meaningOf(name)
      return meaning === null || meaning === undefined ? [] : [{ file: path.join(dir, name), meaning }]
    })
    yield* await Promise.all(wanted.map(async (one) => ({ ...one, stats: await lookAt(one.file) })))
  }
}

/** What something takes. */
export interface Size {
  readonly bytes: number
  /** When the first of it was made, in milliseconds since the epoch; 0: the file system does not tell. */
  readonly madeAt: number
  /** When the last of it was written. */
  readonly writtenAt: number
  /** Whether another file system is mounted below it; what is there does not count. */
  readonly hasMount: boolean
}

/** Of nothing. */
export const NOTHING: Size = { bytes: 0, madeAt: Number.POSITIVE_INFINITY, writtenAt: 0, hasMount: false }
const MOUNT: Size = { ...NOTHING, hasMount: true }

/** Of two things. */
export const together = (a: Size, b: Size): Size => ({
  bytes: a.bytes + b.bytes,
  madeAt: Math.min(a.madeAt, b.madeAt),
  writtenAt: Math.max(a.writtenAt, b.writtenAt),
  hasMount: a.hasMount || b.hasMount,
})

/** Of what stands at a path, with everything below it. A link counts as itself. @param device what it is to be on; null: any */
export async function sizeOf(file: string, device: number | null = null): Promise<Size> {
  const stats = await lookAt(file)
  if (stats === null) return NOTHING
  /* c8 ignore next: only root can mount something, and not everywhere */
  if (device !== null && stats.dev !== device) return MOUNT
  return sizeWith(file, stats)
}

/** The same of what was looked at. */
export async function sizeWith(file: string, stats: Stats): Promise<Size> {
  const { birthtimeMs: madeAt, mtimeMs: writtenAt, size } = stats
  if (!stats.isDirectory()) return { bytes: size, madeAt, writtenAt, hasMount: false }
  let all: Size = { bytes: 0, madeAt, writtenAt, hasMount: false }
  for (const name of await namesIn(file)) all = together(all, await sizeOf(path.join(file, name), stats.dev))
  return all
}
