import { createLogBuffer } from './log-buffer.js'

/** @import { Api } from './api.js' */

/** So much is fetched at a time, in bytes. */
const PART_BYTES = 262_144
/** Around a line that is gone to it is less, so that it is there at once. */
const AROUND_BYTES = 65_536
const NEWLINE = 10

/**
 * Parts of a run's log, wherever in it they are.
 * @param {Api} api @param {string} runId @param {AbortSignal} signal
 */
export function createLogSource(api, runId, signal) {
  /** The line that is asked for, once the service has counted that far. @param {{ from?: number, offset?: number }} at */
  async function locate(at) {
    for (;;) {
      const { from, offset, total, is_complete } = await api.logLines(runId, { ...at, count: 0 }, signal)
      if (offset !== null || is_complete) return { from, offset, total: total ?? 0 }
    }
  }

  /** Where a part may begin: with a line, if one begins not too far away. @param {number} offset */
  async function begin(offset) {
    if (offset <= 0) return { number: 1, offset: 0 }
    const line = await locate({ offset })
    const isNear = line.offset !== null && offset - line.offset < PART_BYTES
    return { number: line.from, offset: isNear ? Number(line.offset) : offset }
  }

  /**
   * The bytes from an offset up to another as text, up to the end of a line if there is one; and where they end.
   * @param {number} from @param {number} to
   */
  async function read(from, to) {
    const bytes = to > from ? await api.logPart(runId, from, to, signal) : new Uint8Array()
    const isShort = bytes.length < to - from
    const lineEnd = bytes.lastIndexOf(NEWLINE) + 1
    const whole = isShort || lineEnd === 0 ? bytes : bytes.subarray(0, lineEnd)
    return { text: new TextDecoder().decode(whole), end: from + whole.length, isLast: isShort }
  }

  return {
    /** Where the last part begins. */
    async last() {
      return begin((await api.logSize(runId)) - PART_BYTES)
    },
    /** The part around a line; null where the log does not have it. @param {number} number */
    async around(number) {
      const { offset, total } = await locate({ from: number })
      if (offset === null) return { total }
      const half = AROUND_BYTES / 2
      const from = Math.max(0, offset - half)
      const bytes = await api.logPart(runId, from, offset + half, signal)
      const isLast = bytes.length < offset + half - from
      // From where the first whole line begins; which one that is tell the ends of lines before the one that is wanted.
      const begin = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1
      const before = bytes.subarray(begin, offset - from).filter((byte) => byte === NEWLINE).length
      const lineEnd = bytes.lastIndexOf(NEWLINE) + 1
      const end = isLast || lineEnd <= offset - from ? bytes.length : lineEnd
      const buffer = createLogBuffer(number - before)
      buffer.push(new TextDecoder().decode(bytes.subarray(begin, end)), true)
      return { buffer, begin: from + begin, end: from + end, isLast }
    },
    /** What stands before a byte, or before a line where that is not known. @param {number | null} offset @param {number} number */
    async before(offset, number) {
      const end = offset ?? (await locate({ from: number })).offset ?? 0
      const from = await begin(end - PART_BYTES)
      const { text } = await read(from.offset, end)
      const buffer = createLogBuffer(from.number)
      buffer.push(text.replace(/\n$/, ''), true)
      return { lines: end > 0 ? buffer.lines : [], begin: from.offset }
    },
    /** Lines as a terminal would show them. @param {import('./log-address.js').Lines} wanted */
    async text({ from, to }) {
      /** @type {string[]} */
      const texts = []
      while (from + texts.length <= to) {
        const count = Math.min(2000, to - from - texts.length + 1)
        const { lines } = await api.logLines(runId, { from: from + texts.length, count }, signal)
        if (lines.length === 0) break
        for (const { text } of lines) texts.push(shown(text))
      }
      return texts.map((text) => `${text}\n`).join('')
    },
    /** What stands from a line on; where there is nothing, null. @param {number} number */
    async from(number) {
      const { offset } = await locate({ from: number })
      return offset === null ? null : read(offset, offset + PART_BYTES)
    },
  }
}

/** @param {string} text */
function shown(text) {
  const buffer = createLogBuffer()
  buffer.push(text)
  return buffer.lines.map((line) => line.text).join('')
}
