import { StringDecoder } from 'node:string_decoder'

/**
 * A colour or a style (ECMA-48, SGR), the only sequence that changes nothing but looks; or a character that a terminal
 * obeys: controls, and those that turn the direction of what follows (unicode.org/reports/tr9, 2).
 */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
  /(\u001b\[[0-9;:]*m)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
/** The beginning of a colour, at the end of a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const BEGUN = /\u001b(\[[0-9;:]{0,32})?$/
const RESET = '\u001b[0m'

/** Turns the bytes of a log into text that a terminal may show. */
export interface Harmless {
  write(bytes: Uint8Array): string
  /** What is left, and the terminal's own colours again. */
  end(): string
}

/**
 * Makes text from an agent harmless to a terminal: colours stay (or go, where none are wanted), every other control
 * character is shown as a picture of itself. Line ends, returns and tabs stay.
 */
export function harmless(withColours: boolean): Harmless {
  // Chunks may end within a character, or within a sequence.
  const decoder = new StringDecoder('utf8')
  let begun = ''
  let isColoured = false
  return {
    write(bytes) {
      const text = begun + decoder.write(Buffer.from(bytes))
      begun = BEGUN.exec(text)?.[0] ?? ''
      const safe = withoutControls(text.slice(0, text.length - begun.length), withColours)
      isColoured ||= safe.includes('\u001b')
      return safe
    },
    end() {
      return withoutControls(begun + decoder.end(), withColours) + (isColoured ? RESET : '')
    },
  }
}

/** A text from elsewhere as lines without anything to obey; a return, which would overwrite its line, included. */
export function plain(text: string): string {
  return withoutControls(text.replace(/\r\n/g, '\n'), false).replaceAll('\r', '\u240d')
}

/** A text from elsewhere as one line without anything to obey. */
export function oneLine(text: string): string {
  return withoutControls(text.replace(/[\r\n\t\u0085\u2028\u2029]+/g, ' '), false)
}

/** JSON that means the same, and holds nothing to obey: JSON itself escapes only what stands below U+0020. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value).replace(
    CONTROL,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function withoutControls(text: string, withColours: boolean): string {
  return text.replace(CONTROL, (found, sgr: string | undefined) =>
    sgr === undefined ? pictureOf(found) : withColours ? sgr : '',
  )
}

/** Unicode's control pictures: U+2400 to U+2421. Others have none. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}
