import { StringDecoder } from 'node:string_decoder'

/** A colour or a style (ECMA-48, SGR), the only sequence that changes nothing but looks; or a control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
const CONTROL = /(\u001b\[[0-9;:]*m)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g
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

/** A text from elsewhere as lines without anything to obey. */
export function plain(text: string): string {
  return withoutControls(text, false)
}

/** A text from elsewhere as one line without anything to obey. */
export function oneLine(text: string): string {
  return plain(text).replace(/[\r\n\t]+/g, ' ')
}

function withoutControls(text: string, withColours: boolean): string {
  return text.replace(CONTROL, (found, sgr: string | undefined) =>
    sgr === undefined ? pictureOf(found) : withColours ? sgr : '',
  )
}

/** Unicode's control pictures: U+2400 to U+2421. C1 controls have none. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}
