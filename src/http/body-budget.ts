import type { Readable } from 'node:stream'
import { LooperError } from '../base/errors.ts'

/** What one request's body may take of what there is for all. */
export interface BodyShare {
  /** Whether there is room for so many bytes more. */
  take(bytes: number): boolean
  /** Gives all of it back. */
  free(): void
}

/** Memory for bodies: all that are read or worked on at once never take more bytes than that together. */
export function createBodyBudget(totalBytes: number): { open(): BodyShare } {
  let held = 0
  return {
    open() {
      let mine = 0
      return {
        take(bytes) {
          if (held + bytes > totalBytes) return false
          held += bytes
          mine += bytes
          return true
        },
        free() {
          held -= mine
          mine = 0
        },
      }
    },
  }
}

const FIRST_BYTES = 16_384

/**
 * Reads a body into one piece of memory, whose size is what it takes of its share: pieces as they come may be of one byte
 * each. Where it is refused it is read on and dropped: a sender that is cut off in the middle would not see the answer.
 * How long a body may take is bounded by the server's patience.
 * @param declaredBytes how large it says it is; 0 where it does not
 * @throws {LooperError} at once, `LOOPER_BODY_TOO_LARGE` beyond so many bytes, `LOOPER_OVERLOADED` where the others leave no
 * room, `LOOPER_BODY_INVALID` where the sender goes away
 */
export function readBody(
  body: Readable,
  declaredBytes: number,
  limitBytes: number,
  share: BodyShare,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    let length = 0
    let isRefused = false

    function refuse(code: 'LOOPER_BODY_TOO_LARGE' | 'LOOPER_OVERLOADED', why: string): void {
      isRefused = true
      bytes = Buffer.alloc(0)
      share.free()
      reject(new LooperError(code, why))
    }

    /** Whether there is room for so many bytes; makes it where there is not. */
    function grow(needed: number): boolean {
      if (needed <= bytes.length) return true
      const size = Math.min(limitBytes, Math.max(needed, 2 * bytes.length, FIRST_BYTES))
      if (!share.take(size - bytes.length)) return false
      const larger = Buffer.allocUnsafe(size)
      bytes.copy(larger, 0, 0, length)
      bytes = larger
      return true
    }

    function take(piece: Buffer): void {
      if (isRefused) return
      if (length + piece.length > limitBytes) refuse('LOOPER_BODY_TOO_LARGE', 'the body is too large')
      else if (!grow(length + piece.length))
        refuse('LOOPER_OVERLOADED', 'too many large bodies are being read at once')
      else length += piece.copy(bytes, length)
    }

    if (declaredBytes > limitBytes) refuse('LOOPER_BODY_TOO_LARGE', 'the body is too large')
    body.on('data', take)
    body.once('end', () => resolve(bytes.subarray(0, length)))
    body.once('error', (cause) =>
      reject(new LooperError('LOOPER_BODY_INVALID', 'the body ended too early', { cause })),
    )
  })
}
