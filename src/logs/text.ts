import { characterAfter, wholeCharacters } from '../base/whole-characters.ts'

/**
 * A control sequence of a terminal, in bytes as latin1: CSI, the strings (OSC, DCS, SOS, PM, APC), and the short ones. One
 * that is never closed ends with its line. Source: ECMA-48, 5.3 to 5.6.
 */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g

/** Bytes as latin1 without the sequences of a terminal, and where what is left comes from. */
export interface Stripped {
  readonly text: string
  /** The place in the bytes of a place in the text. */
  readonly placeOf: (at: number) => number
}

/** Takes out what only colours, moves and titles are made of. */
export function strip(bytes: string): Stripped {
  if (!bytes.includes('\u001b')) return { text: bytes, placeOf: (at) => at }
  /** Where, in the text, something was taken out, and how much in all up to there. */
  const cuts: number[] = []
  const removed = [0]
  let sum = 0
  const text = bytes.replace(SEQUENCE, (sequence, at: number) => {
    cuts.push(at - sum)
    sum += sequence.length
    removed.push(sum)
    return ''
  })
  return {
    text,
    placeOf(at) {
      let low = 0
      for (let high = cuts.length; low < high; ) {
        const middle = Math.floor((low + high) / 2)
        if (Number(cuts[middle]) <= at) low = middle + 1
        else high = middle
      }
      return at + Number(removed[low])
    },
  }
}

/** The words in bytes, as latin1, that may begin or end within a character: that one is left out. */
export function wordsOf(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  const rest = bytes.subarray(characterAfter(bytes, 0))
  return rest.toString('utf8', 0, wholeCharacters(rest))
}

/**
 * Finds a literal text in bytes as latin1, as UTF-8 has it; never a pattern of somebody else. Without regard to case, each
 * character counts in both.
 */
export function literal(text: string, isExact: boolean): RegExp {
  const source = [...text].map((character) => {
    const forms = isExact ? [character] : [character, character.toLowerCase(), character.toUpperCase()]
    return `(?:${[...new Set(forms)].map(escaped).join('|')})`
  })
  return new RegExp(source.join(''), 'g')
}

const escaped = (text: string) =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
