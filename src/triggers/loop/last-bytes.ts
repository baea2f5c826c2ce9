import { characterAfter } from '../../base/whole-characters.ts'

/** The end of what somebody writes without end, of at most so many bytes. */
export interface LastBytes {
  add(chunk: Buffer): void
  /** As text, in whole characters; what is none is replaced. A line at its begin says how much was cut. */
  text(): string
}

/** Nothing yet. */
export function lastBytes(most: number): LastBytes {
  let chunks: Buffer[] = []
  let kept = 0
  let all = 0
  return {
    add(chunk) {
      all += chunk.length
      chunks.push(chunk)
      kept += chunk.length
      // Joined now and then, so that neither many small ones nor one large one are kept.
      if (kept <= 2 * most) return
      chunks = [Buffer.from(Buffer.concat(chunks).subarray(-most))]
      kept = most
    },
    text() {
      const joined = Buffer.concat(chunks)
      if (all <= most) return joined.toString()
      const begin = characterAfter(joined, joined.length - most)
      return `[${all - joined.length + begin} bytes cut]\n${joined.toString('utf8', begin)}`
    },
  }
}
