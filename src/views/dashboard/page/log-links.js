/** An address ends at whatever cannot stand in one, or only in doubt. */
const ADDRESS = /\bhttps?:\/\/[!#-;=?-Z\\[\]_a-z|~]+/gi
const LONGEST = 2000
/** What belongs to the sentence, not to the address. */
const TRAILING = /[.,;:!?'*_~|\\]+$/
const PAIRS = /** @type {const} */ ([
  ['(', ')'],
  ['[', ']'],
])

/**
 * The addresses in a text. Only those that lead where they seem to: in ASCII, to a host that is written as it is resolved,
 * without a user before it, and with nothing glued to it that could belong to another one.
 * @param {string} text
 * @returns {{ begin: number, end: number, href: string }[]}
 */
export function addressesIn(text) {
  if (!text.includes('://')) return []
  return [...text.matchAll(ADDRESS)].flatMap(({ 0: given, index }) => {
    if (
      given.length > LONGEST ||
      /^[\p{L}\p{M}\p{N}\p{Cf}\u2044\u2215\u29f8\uff0f]/u.test(text.slice(index + given.length))
    )
      return []
    const address = trimmed(given)
    const url = URL.parse(address)
    const host = /^https?:\/\/([^/?#]*)/i
      .exec(address)?.[1]
      ?.toLowerCase()
      .replace(/:(80|443)?$/, '')
    if (!url || !/^https?:$/.test(url.protocol) || !host || url.host.replace(/:(80|443)$/, '') !== host)
      return []
    return [{ begin: index, end: index + address.length, href: url.href }]
  })
}

/** @param {string} address */
function trimmed(address) {
  let rest = address
  for (;;) {
    const before = rest
    rest = rest.replace(TRAILING, '')
    for (const [opening, closing] of PAIRS) {
      if (rest.endsWith(closing) && count(rest, opening) < count(rest, closing)) rest = rest.slice(0, -1)
    }
    if (rest === before) return rest
  }
}

/** @param {string} text @param {string} character */
const count = (text, character) => text.split(character).length - 1
