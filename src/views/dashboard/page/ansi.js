/**
 * Reads terminal output as a terminal's parser does, but keeps only what is text, how it looks (SGR), and what progress bars
 * are made of: small moves of the cursor, and what they erase. Every other control function (titles, links, clipboard, whole
 * screens) is swallowed, and no text is ever concealed.
 * Source: ECMA-48, and the state machine at vt100.net/emu/dec_ansi_parser.
 */

/** @typedef {number | string} Colour A number from 0 to 15 of the terminal's palette, or `#rrggbb`. */
/**
 * @typedef {object} Style
 * @property {Colour | null} fg
 * @property {Colour | null} bg
 * @property {boolean} bold
 * @property {boolean} dim
 * @property {boolean} italic
 * @property {boolean} underline
 * @property {boolean} strike
 * @property {boolean} inverse
 */
/**
 * @typedef {{ kind: 'text', text: string, style: Style }
 *   | { kind: 'control', text: string }
 *   | { kind: 'newline' }
 *   | { kind: 'return' }
 *   | { kind: 'move', to: 'up' | 'down' | 'forward' | 'back' | 'column', by: number }
 *   | { kind: 'erase', what: 'end' | 'start' | 'line' | 'below' }} Token `control` is a character that has no shape, as one that has.
 */

/** Text as it comes. @type {Readonly<Style>} */
export const PLAIN = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
})

const ESC = 0x1b
const MAX_PARAMETERS = 256
/** By the last letter of their sequence. @type {Readonly<Record<string, ('up' | 'down' | 'forward' | 'back' | 'column')>>} */
const MOVES = { A: 'up', B: 'down', C: 'forward', D: 'back', E: 'down', F: 'up', G: 'column' }

/**
 * A reader of one stream of output; a sequence may be cut anywhere between two chunks.
 * @returns {{ read(text: string): Token[] }}
 */
export function createAnsiReader() {
  /** @type {'text' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string-escape'} */
  let state = 'text'
  let parameters = ''
  /** @type {Style} */
  let style = PLAIN

  /** @type {Token[]} */
  let tokens = []

  /** Takes one character of a control function. @param {number} code */
  function swallow(code) {
    if (state === 'string-escape' && code === 0x5c) {
      state = 'text'
    } else if (code === ESC) {
      state = state === 'string' ? 'string-escape' : 'escape'
    } else if (state === 'string') {
      if (code === 0x07) state = 'text'
    } else if (state === 'csi') {
      if (code >= 0x40 && code <= 0x7e) {
        if (code === 0x6d) style = styled(style, parameters)
        else tokens.push(...acts(String.fromCharCode(code), parameters))
        state = 'text'
      } else if (parameters.length < MAX_PARAMETERS) {
        parameters += String.fromCharCode(code)
      }
    } else if (state !== 'intermediate' && code === 0x5b) {
      state = 'csi'
      parameters = ''
    } else if (state !== 'intermediate' && isStringOpener(code)) {
      state = 'string'
    } else {
      state = code >= 0x20 && code <= 0x2f ? 'intermediate' : 'text'
    }
  }

  return {
    read(text) {
      tokens = []
      let start = 0
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at)
        if (state === 'text' && hasShape(code)) continue
        if (at > start) tokens.push({ kind: 'text', text: text.slice(start, at), style })
        start = at + 1
        if (code === 0x0a) {
          // A sequence ends with its line at the latest: what is never closed must not hide the rest of a log.
          state = 'text'
          tokens.push({ kind: 'newline' })
        } else if (state !== 'text') swallow(code)
        else if (code === ESC) state = 'escape'
        else if (code === 0x0d) tokens.push({ kind: 'return' })
        else if (code === 0x08) tokens.push({ kind: 'move', to: 'back', by: 1 })
        else tokens.push({ kind: 'control', text: visible(code) })
      }
      if (text.length > start) tokens.push({ kind: 'text', text: text.slice(start), style })
      return tokens
    },
  }
}

/**
 * What `CSI parameters letter` does to a progress bar. @param {string} letter @param {string} parameters
 * @returns {Token[]}
 */
function acts(letter, parameters) {
  if (!/^\d{0,4}$/.test(parameters)) return []
  const to = MOVES[letter]
  if (to !== undefined) {
    /** @type {Token} */
    const move = { kind: 'move', to, by: Number(parameters) || 1 }
    return letter === 'E' || letter === 'F' ? [{ kind: 'return' }, move] : [move]
  }
  const what = Number(parameters)
  if (letter === 'J') return what === 0 ? [{ kind: 'erase', what: 'below' }] : []
  if (letter !== 'K' || what > 2) return []
  return [{ kind: 'erase', what: what === 0 ? 'end' : what === 1 ? 'start' : 'line' }]
}

/** OSC, DCS, SOS, PM, APC. @param {number} code */
function isStringOpener(code) {
  return code === 0x5d || code === 0x50 || code === 0x58 || code === 0x5e || code === 0x5f
}

/** Whether a character is one that can be seen, or a tab. @param {number} code */
function hasShape(code) {
  if (code < 0x20) return code === 0x09
  if (code < 0x7f) return true
  if (code < 0xa0) return false
  // Characters that turn the direction of text make a line read as what it is not.
  return !((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
}

/** @param {number} code */
function visible(code) {
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`
  if (code === 0x7f) return '^?'
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}

/**
 * The style after `CSI parameters m`.
 * @param {Style} before @param {string} parameters
 * @returns {Style}
 */
function styled(before, parameters) {
  if (/[^\d;:]/.test(parameters)) return before
  let style = { ...before }
  const list = parameters.split(';')
  for (let at = 0; at < list.length; at++) {
    const [code = 0, ...sub] = String(list[at]).split(':').map(Number)
    if (code === 0) style = { ...PLAIN }
    else if (code === 1) style.bold = true
    else if (code === 2) style.dim = true
    else if (code === 3) style.italic = true
    else if (code === 4 || code === 21) style.underline = sub[0] !== 0
    else if (code === 7) style.inverse = true
    else if (code === 9) style.strike = true
    else if (code === 22) style.bold = style.dim = false
    else if (code === 23) style.italic = false
    else if (code === 24) style.underline = false
    else if (code === 27) style.inverse = false
    else if (code === 29) style.strike = false
    else if (code >= 30 && code <= 37) style.fg = code - 30
    else if (code === 39) style.fg = null
    else if (code >= 40 && code <= 47) style.bg = code - 40
    else if (code === 49) style.bg = null
    else if (code >= 90 && code <= 97) style.fg = code - 82
    else if (code >= 100 && code <= 107) style.bg = code - 92
    else if (code === 38 || code === 48) {
      const given = sub.length > 0 ? sub : list.slice(at + 1, at + 5).map(Number)
      if (sub.length === 0) at += given[0] === 2 ? 4 : 2
      style[code === 38 ? 'fg' : 'bg'] = colourOf(given)
    }
  }
  return style
}

/** A colour from `5, n` or `2, r, g, b` (with colons also `2, space, r, g, b`). @param {number[]} given */
function colourOf(given) {
  const [kind, index = 256] = given
  if (kind === 2 && given.length >= 4) return hex(given.slice(-3))
  if (kind !== 5 || index > 255) return null
  if (index < 16) return index
  if (index >= 232) return hex([0, 0, 0].map(() => 8 + 10 * (index - 232)))
  const cube = index - 16
  return hex(
    [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => level && 55 + 40 * level),
  )
}

/** @param {number[]} levels */
function hex(levels) {
  return `#${levels.map((level) => Math.min(level, 255).toString(16).padStart(2, '0')).join('')}`
}
