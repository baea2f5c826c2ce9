import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../base/errors.ts'
import { makeDirectory } from '../base/files.ts'
import { PLAIN } from '../base/plain-file.ts'
import { createBacklog, type Destination } from './backlog.ts'
import { filesOf, isOwnLink, LogPlaceError, placeOf } from './log-place.ts'

/** When the server log starts a new file, and how many it keeps. */
export interface RotationOptions {
  /** Bytes after which a file is full. */
  readonly size: number
  /** Files kept, the current one included. */
  readonly count: number
  /** Milliseconds since the epoch: each day has files of its own. */
  readonly now?: () => number
  /** Makes a link, as Node's `symlinkSync`. */
  readonly link?: (target: string, file: string) => void
}

/** It holds what agents write, like their own logs. */
const MODE = 0o600

/**
 * Appends to `<path>.d/<name>.<day>.<number>.log`, and starts the next one when that is full or the day is over. The path
 * itself is a link to the current file, replaced in one step, so that `tail -F` follows.
 * @param failed is told what cannot be written or replaced, once until it works again
 * @throws {LogPlaceError} where something else is in the way
 * @throws {Error} of Node's
 */
export function openRollingFile(
  file: string,
  { size: maxSize, count, now = Date.now, link = symlinkSync }: RotationOptions,
  failed: (error: unknown) => void,
): Destination {
  const dir = filesOf(file)
  const base = path.basename(file).replace(/\.log$/, '')
  makeDirectory(dir)
  let day = dayOf(now())
  let number = Math.max(1, ...ownFiles().flatMap((own) => (own.day === numberOf(day.name) ? own.number : [])))
  let { fd, size } = open()
  try {
    relink()
  } catch (error) {
    closeSync(fd)
    throw error
  }

  const backlog = createBacklog((bytes) => {
    const written = writeSync(fd, bytes)
    size += written
    return written
  }, failed)

  return {
    write(bytes) {
      // Where bytes wait, the end of their line belongs into the same file.
      if (now() >= day.endsAt && backlog.retry()) roll(dayOf(now()))
      const isWritten = backlog.write(bytes)
      if (isWritten && size >= maxSize) roll(day)
      return isWritten
    },
    async close() {
      backlog.retry()
      closeSync(fd)
    },
  }

  function roll(next: Day): void {
    number = next.name === day.name ? number + 1 : 1
    day = next
    try {
      const before = fd
      ;({ fd, size } = open())
      closeSync(before)
      relink()
      removeOld()
    } catch (error) {
      // It goes on where it is, and what failed is tried again when as much again was written.
      size = 0
      failed(error)
    }
  }

  function nameOfCurrent(): string {
    return `${base}.${day.name}.${number}.log`
  }

  function open(): { fd: number; size: number } {
    const { O_WRONLY, O_APPEND, O_CREAT } = constants
    const opened = openSync(path.join(dir, nameOfCurrent()), O_WRONLY | O_APPEND | O_CREAT | PLAIN, MODE)
    return { fd: opened, size: fstatSync(opened).size }
  }

  function relink(): void {
    const found = placeOf(file)
    // A plain file is an older service's log: it is moved beside ours, not overwritten.
    if (found.kind === 'plain-file') {
      renameSync(file, path.join(dir, `${path.basename(file)}.before-looper-${found.stats.mtimeMs}`))
    }
    if (found.kind === 'stream') throw new LogPlaceError(`${file} is no longer a file, and stays as it is`)
    const fresh = `${file}.link`
    if (isOwnLink(fresh, dir)) unlinkSync(fresh)
    try {
      link(path.join(path.basename(dir), nameOfCurrent()), fresh)
    } catch (error) {
      throw linkFailure(error, file)
    }
    renameSync(fresh, file)
  }

  function removeOld(): void {
    const old = ownFiles().filter(({ name }) => name !== nameOfCurrent())
    for (const { name } of old.slice(0, Math.max(0, old.length - (count - 1))))
      unlinkSync(path.join(dir, name))
  }

  /** The oldest first. Days are compared as numbers: comparing texts would load the languages' rules, 3 MB. */
  function ownFiles(): { name: string; day: number; number: number }[] {
    return readdirSync(dir)
      .flatMap((name) => {
        if (!name.startsWith(`${base}.`)) return []
        const [, of, number] = /^(\d{4}-\d\d-\d\d)\.(\d+)\.log$/.exec(name.slice(base.length + 1)) ?? []
        return of === undefined ? [] : { name, day: numberOf(of), number: Number(number) }
      })
      .sort((a, b) => a.day - b.day || a.number - b.number)
  }
}

const numberOf = (day: string) => Number(day.replaceAll('-', ''))

/** A day of the machine's own time zone. */
interface Day {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly endsAt: number
}

function dayOf(ms: number): Day {
  const time = new Date(ms)
  const [year, month, day] = [time.getFullYear(), time.getMonth(), time.getDate()]
  const two = (number: number) => String(number).padStart(2, '0')
  return { name: `${year}-${two(month + 1)}-${two(day)}`, endsAt: new Date(year, month, day + 1).getTime() }
}

/** symlink(2): EPERM where the file system has none, as FAT; some network file systems say it otherwise. */
function linkFailure(error: unknown, file: string): unknown {
  const code = errnoOf(error) ?? ''
  if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(code)) return error
  return new LogPlaceError(
    `${path.dirname(file)} lies on a file system without symbolic links (${code}), which the server log needs; ` +
      'name a path on another one',
    { cause: error },
  )
}
