/** The most that a pattern looks at of a line, in UTF-16 units. */
export const LOOKED_AT = 4000
/** The most steps that a pattern may need for a line: some ten milliseconds. */
const MOST_STEPS = 20_000_000
const MOST_SOURCE = 1000
/** One way more than there are: to go back to a choice takes longer than to go on in a repetition. */
const CHOICE = 3
const CLASS = String.raw`\[(?:[^\]\\]|\\.)*\]`
/** What a pattern is made of, as far as it matters for how long it takes. */
const TOKEN = new RegExp(
  String.raw`${CLASS}|\\k|\\[pPu]\{[^}]*\}|\\.|\(\?[=!]|\(\?<[=!]|\((?:\?:|\?<\w+>)?|\)|\||[*+?]|\{\d+(?:,\d*)?\}|.`,
  'gsu',
)

/**
 * A regular expression of the owner's, which lines of a program are looked at with: anchored at the line's beginning, and such
 * that no line takes long. @param name what it finds @throws {RangeError} with what is wrong with it
 */
export function patternOf(source: string, name: string): RegExp {
  const fault = (why: string) => new RangeError(`the pattern for ${name} ${why}`)
  if (source.length > MOST_SOURCE) throw fault(`is longer than ${MOST_SOURCE} characters`)
  if (!isPattern(source)) throw fault('is no regular expression')
  if (stepsOf(source) > MOST_STEPS) {
    throw fault('could take too long: repeat less, or write {1,20} where a length is known')
  }
  return new RegExp(`^(?:${source})`, 'du')
}

/** By itself: "a)|(b" is one only between other parentheses. */
function isPattern(source: string): boolean {
  try {
    new RegExp(source, 'u')
    return true
  } catch {
    return false
  }
}

/**
 * An upper bound of the ways to try a pattern on a line: what each repetition can be, and each choice, multiplied. Repeated
 * groups that hold a repetition or a choice, and what looks around or back, have no bound.
 */
function stepsOf(source: string): number {
  let steps = 1
  /** Of each open group, whether something in it can be tried in more than one way. */
  const open: boolean[] = []
  let isClosed = false
  let wasRepeated: boolean = false
  for (const [token] of source.matchAll(TOKEN)) {
    // "+?" is a lazy "+", and as long.
    const found: Repetition = wasRepeated && token === '?' ? ONCE : repetitionOf(token)
    const { ways, most } = found
    if (isClosed && most > 1) return Number.POSITIVE_INFINITY
    if (ways > 1) {
      steps *= ways
      open.fill(true)
    }
    wasRepeated = ways > 1 || most > 1
    isClosed = false
    if (/^\(\?<?[=!]|^\\[k1-9]/.test(token)) return Number.POSITIVE_INFINITY
    if (token === '|') {
      steps *= CHOICE
      open.fill(true)
    } else if (token.startsWith('(')) open.push(false)
    else if (token === ')') isClosed = open.pop() === true
  }
  return steps
}

/** Of what stands before it: how many lengths it can have, and how often it comes at most. */
interface Repetition {
  readonly ways: number
  readonly most: number
}

const ONCE: Repetition = { ways: 1, most: 1 }

function repetitionOf(token: string): Repetition {
  if (token === '?') return { ways: CHOICE, most: 1 }
  if (token === '*' || token === '+') return { ways: LOOKED_AT, most: LOOKED_AT }
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec(token) ?? []
  if (least === undefined) return ONCE
  if (comma === '') return { ways: 1, most: Number(least) }
  if (most === '') return { ways: LOOKED_AT, most: LOOKED_AT }
  return { ways: Number(most) - Number(least) + CHOICE - 1, most: Number(most) }
}
