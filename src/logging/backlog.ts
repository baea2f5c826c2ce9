/** Where the bytes of the server log go. */
export interface Destination {
  /** Appends at once. False where it cannot be written now: it keeps the bytes, which must not change. */
  write(bytes: Buffer): boolean
  close(): Promise<void>
}

/** Writes bytes in order; what cannot be written now goes out before the next that can. */
export interface Backlog {
  /** False where bytes wait: they are kept, and must not change. */
  write(bytes: Buffer): boolean
  /** Tries again what waits. True where nothing waits any more. */
  retry(): boolean
}

/** What is held back while nothing can be written; more is dropped. */
const MAX_WAITING_BYTES = 16_777_216

/**
 * Keeps the order of writes that may fail.
 * @param put writes some of the bytes at once, as `writeSync` does, and says how many
 * @param failed is told the first error since the last write that went well
 */
export function createBacklog(
  put: (bytes: Buffer) => number,
  failed: (error: unknown) => void,
  maxBytes = MAX_WAITING_BYTES,
): Backlog {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let isBehind = false

  function retry(): boolean {
    let done = 0
    try {
      for (const bytes of waiting) {
        for (let rest = bytes; rest.length > 0; ) {
          const written = put(rest)
          rest = rest.subarray(written)
          waiting[done] = rest
          waitingBytes -= written
        }
        done++
      }
      isBehind = false
    } catch (error) {
      if (!isBehind) failed(error)
      isBehind = true
    }
    waiting = waiting.slice(done)
    return !isBehind
  }

  return {
    write(bytes) {
      if (waitingBytes + bytes.length <= maxBytes) {
        waiting.push(bytes)
        waitingBytes += bytes.length
      }
      return retry()
    },
    retry,
  }
}
