import { closeSync, openSync, readSync } from 'node:fs'

/** Larger than nearly everything below `/proc`; for the rest it grows. */
const FIRST_BYTES = 65_536

/**
 * Reads files below `/proc`, which have no size beforehand. All of them go through one buffer: a search of the machine
 * reads thousands, and fresh ones would fill V8's young generation until it grows for good. The bytes are valid until the
 * next call.
 */
function openReader(firstBytes: number): (fd: number) => Buffer {
  let buffer = Buffer.allocUnsafeSlow(firstBytes)
  return (fd) => {
    let length = 0
    for (;;) {
      const room = buffer.length - length
      const read = readSync(fd, buffer, length, room, length)
      length += read
      // The kernel fills what it is given, as far as it has anything.
      if (read < room) return buffer.subarray(0, length)
      buffer = Buffer.concat([buffer], 2 * buffer.length)
    }
  }
}

/** A reader of files below `/proc`; the bytes are valid until its next call. */
export interface ProcReader {
  /**
   * Reads a file of its own, or with a pid one that belongs to that process, and is kept open for the next reading: opening
   * it takes twice as long as reading it. Only for `stat` and `cmdline`: they tell at each reading what the process is by
   * then, whatever program it became, while `environ` stays that of the program that it was (fs/proc/base.c). And one that
   * is open is never another process's that got the same pid: then reading it fails, and the other's is opened.
   * @throws {Error} of Node's, where it is gone or closed to us
   */
  read(file: string, pid?: number): Buffer
  /** Lets go of the files of all processes but these. */
  keepOnly(pids: readonly number[]): void
}

/** Opens a reader. @param mostKept so many files are kept open */
export function procReader(mostKept: number, firstBytes = FIRST_BYTES): ProcReader {
  const readOpen = openReader(firstBytes)
  const kept = new Map<string, { readonly pid: number; readonly fd: number }>()

  function letGo(file: string, fd: number): void {
    kept.delete(file)
    closeSync(fd)
  }

  return {
    read(file, pid) {
      const open = kept.get(file)
      if (open) {
        try {
          return readOpen(open.fd)
        } catch {
          letGo(file, open.fd)
        }
      }
      const fd = openSync(file, 'r')
      let isKept = false
      try {
        const bytes = readOpen(fd)
        if (pid !== undefined && kept.size < mostKept) {
          kept.set(file, { pid, fd })
          isKept = true
        }
        return bytes
      } finally {
        if (!isKept) closeSync(fd)
      }
    },
    keepOnly(pids) {
      const present = new Set(pids)
      for (const [file, { pid, fd }] of kept) if (!present.has(pid)) letGo(file, fd)
    },
  }
}
