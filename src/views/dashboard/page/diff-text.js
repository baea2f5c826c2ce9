const ESC = '\u001b['

/** The colours of lines, by how they begin: what was added, what was removed, where it stands, and of which file. */
const COLOURS = /** @type {const} */ ([
  [/^(diff|index|new|deleted|old|similarity|rename|copy|Binary|\+\+\+|---) /, '1'],
  [/^@@/, '36'],
  [/^\+/, '32'],
  [/^-/, '31'],
])

/**
 * The beginning of a diff as a terminal would be told it, in colours. What files hold that a terminal would obey is shown, not obeyed.
 * @param {string} diff @param {number} most in lines
 * @returns {{ text: string, isCut: boolean }}
 */
export function inColours(diff, most) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for.
  const safe = diff.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, pictured)
  const lines = safe.split('\n')
  /** Of a file, until its first lines come: there a + and a - stand for other things. */
  let isHead = true
  const text = lines.slice(0, most).map((line) => {
    if (line.startsWith('diff ')) isHead = true
    const colours = isHead ? COLOURS : COLOURS.slice(1)
    if (line.startsWith('@@')) isHead = false
    const colour = colours.find(([beginning]) => beginning.test(line))?.[1]
    return colour === undefined ? line : `${ESC}${colour}m${line}${ESC}0m`
  })
  return { text: text.join('\n'), isCut: lines.length > most }
}

/** A picture of a sign that has no shape. @param {string} sign */
function pictured(sign) {
  const code = sign.charCodeAt(0)
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd'
}
