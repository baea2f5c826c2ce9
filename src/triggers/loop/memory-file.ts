import {
  closeSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { LooperError, messageOf } from '../../base/errors.ts'
import { isAbsence, makeDirectory } from '../../base/files.ts'
import { discard, openPlain } from '../../base/plain-file.ts'
import { MEMORY_UNUSABLE } from './memory-errors.ts'

/** What stands in the file of a memory. */
export interface MemoryFile {
  /** Its beginning, where it is larger than may be. */
  readonly text: string
  /** Of all of it. */
  readonly bytes: number
}

/**
 * Reads the file of a memory, which anybody may have edited; so many bytes at most. One that is not there is empty.
 * @throws {LooperError} `LOOPER_LOOP_MEMORY_UNUSABLE`
 */
export function readMemory(file: string, mostBytes: number): MemoryFile {
  try {
    const fd = openPlain(file)
    if (fd !== null) return readAndClose(fd, mostBytes)
    if (isThere(file)) throw new Error('it is not a plain file')
    return { text: '', bytes: 0 }
  } catch (error) {
    throw unusable(file, error)
  }
}

function readAndClose(fd: number, mostBytes: number): MemoryFile {
  try {
    const bytes = fstatSync(fd).size
    const buffer = Buffer.alloc(Math.min(bytes, mostBytes))
    // No agent takes NUL.
    const text = buffer.toString('utf8', 0, readSync(fd, buffer)).replaceAll('\0', '\ufffd')
    return { text: bytes > mostBytes ? text.replace(/\ufffd$/, '') : text, bytes }
  } finally {
    closeSync(fd)
  }
}

/** Writes it in one step: whoever reads it sees the old text or the new one. @throws {LooperError} `LOOPER_LOOP_MEMORY_UNUSABLE` */
export function writeMemory(file: string, text: string): void {
  const next = `${file}.${process.pid}.new`
  try {
    makeDirectory(path.dirname(file), 0o700)
    discard(next)
    const fd = openSync(next, 'wx', 0o600)
    try {
      writeSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(next, file)
  } catch (error) {
    discard(next)
    throw unusable(file, error)
  }
}

/** Removes a directory of memories, or what stands there instead; a link is not followed. @throws {LooperError} `LOOPER_LOOP_MEMORY_UNUSABLE` */
export function dropMemories(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true })
  } catch (error) {
    throw unusable(dir, error)
  }
}

function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    if (isAbsence(error)) return false
    throw error
  }
}

const unusable = (file: string, error: unknown) =>
  new LooperError(MEMORY_UNUSABLE, `cannot use ${file}: ${messageOf(error)}`, { cause: error })
