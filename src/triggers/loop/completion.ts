const FENCE = /^ {0,3}(?<fence>`{3,}|~{3,})(?<rest>.*)$/
const NOT_YET = /^\W*not yet\b/i

/**
 * Whether a reply says that all is done: the word stands alone on a line, exactly as set. A mention in a sentence, a quote or
 * a fence of code is none, and a line that says "not yet" wins. Pure.
 */
export function saysCompleted(reply: string, word: string): boolean {
  let isSaid = false
  for (const line of linesOutsideFences(reply)) {
    if (NOT_YET.test(line) || (line.startsWith(word) && /\bnot yet\b/i.test(line))) return false
    if (line === word) isSaid = true
  }
  return isSaid
}

/** Without what nobody sees at their ends. */
function* linesOutsideFences(text: string): Generator<string> {
  let open: string | null = null
  for (const line of text.split(/\r?\n|\r/)) {
    const { fence, rest = '' } = FENCE.exec(line)?.groups ?? {}
    if (fence === undefined) {
      if (open === null) yield line.trimEnd()
    } else if (open === null) open = fence
    else if (fence.startsWith(open) && rest.trim() === '') open = null
  }
}
