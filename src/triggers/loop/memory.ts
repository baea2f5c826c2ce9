import path from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { LooperError, messageOf } from '../../base/errors.ts'
import type { Tables } from '../../record/own-tables.ts'
import { checkText } from '../../runs/prompt.ts'
import { MEMORY_TOO_LARGE, MEMORY_UNUSABLE, MEMORY_VERSION_NOT_FOUND } from './memory-errors.ts'
import { dropMemories, type MemoryFile, readMemory, writeMemory } from './memory-file.ts'
import { type MemoryChange, type MemoryName, type MemoryVersions, memoryVersions } from './memory-versions.ts'
import { withoutLines } from './without-lines.ts'

/** So many bytes may a memory have. */
export const MOST_MEMORY_BYTES = 65_536
/** With more, its owner is warned. */
const MANY_BYTES = 49_152

/** A memory as it is now. */
export interface MemoryText {
  readonly text: string
  readonly bytes: number
  /** What is wrong with it, in a sentence: nearly full, too large, not to be read; null: nothing. */
  readonly warning: string | null
}

/** The memories of a loop: files that its owner may edit at any time. Whatever they were is on the record. */
export interface Memory extends Pick<MemoryVersions, 'list' | 'at' | 'find'> {
  /**
   * As it is now. What was edited by hand is a version from then on. One that cannot be read is empty, with a warning.
   * @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  read(memory: MemoryName, round: number | null): MemoryText
  /** What a round is sent of it; as it is now. @throws {LooperError} `LOOPER_LOOP_MEMORY_UNUSABLE`, `LOOPER_LEDGER_UNWRITABLE` */
  load(memory: MemoryName, round: number): string
  /** Refuses what {@link write} would not take. @throws {LooperError} `LOOPER_LOOP_MEMORY_TOO_LARGE`, `LOOPER_FIELD_INVALID` */
  check(memory: MemoryName, text: string): void
  /** Puts a text in the place of what stood there. @throws {LooperError} `LOOPER_LOOP_MEMORY_TOO_LARGE`, `LOOPER_LOOP_MEMORY_UNUSABLE`, `LOOPER_FIELD_INVALID` */
  write(memory: MemoryName, text: string, change: MemoryChange): MemoryText
  /** Adds lines at its end. @throws {LooperError} like {@link write} */
  append(memory: MemoryName, text: string, change: MemoryChange): MemoryText
  /**
   * Takes out the lines of a text, such as what was sent; what was written meanwhile stays. One that is too large stays as it
   * is. @throws {LooperError} `LOOPER_LOOP_MEMORY_UNUSABLE`
   */
  remove(memory: MemoryName, lines: string, change: MemoryChange): MemoryText
  /** Removes the directory of the loop, with its files. @throws {LooperError} `LOOPER_LOOP_MEMORY_UNUSABLE` */
  drop(): void
  /** Puts a version in the place of what stands there now. @throws {LooperError} `LOOPER_LOOP_MEMORY_VERSION_NOT_FOUND` */
  restore(id: number, change: MemoryChange): MemoryText
}

/** What it takes. */
export interface MemoryDeps {
  readonly loop: string
  /** Where its files are, the loop's own. */
  readonly dir: string
  /** With the table of the versions. */
  readonly tables: Tables
  readonly clock: Pick<Clock, 'now'>
}

/** The memories of a loop. Nothing is made before something is written. */
export function openMemory({ loop, dir, tables, clock }: MemoryDeps): Memory {
  const versions = memoryVersions(loop, tables)
  const fileOf = (memory: MemoryName) => path.join(dir, `${memory}.md`)

  /** As its file has it now, which is on the record then. */
  function look(memory: MemoryName, round: number | null): MemoryFile {
    const found = readMemory(fileOf(memory), MOST_MEMORY_BYTES)
    if (found.text !== (versions.newest(memory)?.text ?? ''))
      versions.add({ memory, text: found.text, by: 'file', round, at: clock.now() }, () => undefined)
    return found
  }

  function check(memory: MemoryName, text: string): void {
    checkText(text, memory)
    checkSize(memory, Buffer.byteLength(text))
  }

  function write(memory: MemoryName, text: string, change: MemoryChange): MemoryText {
    check(memory, text)
    const bytes = Buffer.byteLength(text)
    const before = look(memory, change.round)
    if (before.text !== text || before.bytes !== bytes)
      versions.add({ memory, text, ...change, at: clock.now() }, () => writeMemory(fileOf(memory), text))
    return told({ text, bytes })
  }

  return {
    list: versions.list,
    at: versions.at,
    find: versions.find,
    check,
    write,
    load: (memory, round) => look(memory, round).text,
    read(memory, round) {
      try {
        return told(look(memory, round))
      } catch (error) {
        if (error instanceof LooperError && error.code === MEMORY_UNUSABLE.code)
          return { text: '', bytes: 0, warning: messageOf(error) }
        throw error
      }
    },
    append(memory, text, change) {
      const { text: now, bytes } = look(memory, change.round)
      // Of one that is too large, only the beginning was read.
      checkSize(memory, bytes)
      const line = now === '' || now.endsWith('\n') ? '' : '\n'
      return write(memory, `${now}${line}${text.trimEnd()}\n`, change)
    },
    remove(memory, lines, change) {
      const found = look(memory, change.round)
      if (found.bytes > MOST_MEMORY_BYTES) return told(found)
      return write(memory, withoutLines(found.text, lines), change)
    },
    drop: () => dropMemories(dir),
    restore(id, change) {
      const version = versions.find(id)
      if (version === null)
        throw new LooperError(MEMORY_VERSION_NOT_FOUND, `there is no version ${id} of this loop's memories`)
      return write(version.memory, version.text, change)
    },
  }
}

/** @throws {LooperError} `LOOPER_LOOP_MEMORY_TOO_LARGE` */
function checkSize(memory: MemoryName, bytes: number): void {
  if (bytes <= MOST_MEMORY_BYTES) return
  const what = `the ${memory} memory would have ${bytes} bytes, and may have ${MOST_MEMORY_BYTES}`
  throw new LooperError(MEMORY_TOO_LARGE, what)
}

function told({ text, bytes }: MemoryFile): MemoryText {
  return { text, bytes, warning: warningOf(bytes) }
}

function warningOf(bytes: number): string | null {
  if (bytes > MOST_MEMORY_BYTES)
    return `it has ${bytes} bytes, and only the first ${MOST_MEMORY_BYTES} are sent; shorten it`
  return bytes > MANY_BYTES ? `it has ${bytes} of at most ${MOST_MEMORY_BYTES} bytes` : null
}
