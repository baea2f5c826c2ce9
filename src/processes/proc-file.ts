import { closeSync, openSync, readSync } from 'node:fs'

/** Larger than nearly everything below `/proc`; for the rest it grows. */
const FIRST_BYTES = 65_536

/**
 * A reader of files below `/proc`, which have no size beforehand. All of them go through one buffer: a search of the
 * machine reads thousands, and fresh ones would fill V8's young generation until it grows for good. The bytes are valid
 * until the next call.
 */
export function procReader(firstBytes = FIRST_BYTES): (file: string) => Buffer {
  let buffer = Buffer.allocUnsafeSlow(firstBytes)
  return (file) => {
    const fd = openSync(file, 'r')
    try {
      let length = 0
      for (;;) {
        const room = buffer.length - length
        const read = readSync(fd, buffer, length, room, null)
        length += read
        // The kernel fills what it is given, as far as it has anything.
        if (read < room) return buffer.subarray(0, length)
        buffer = Buffer.concat([buffer], 2 * buffer.length)
      }
    } finally {
      closeSync(fd)
    }
  }
}
