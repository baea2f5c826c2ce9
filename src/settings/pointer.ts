/** A JSON pointer (RFC 6901) of the keys that lead to a value. */
export const pointerOf = (keys: readonly (string | number)[]): string =>
  keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The same for people: `agents.mytool.argv[2]`. */
export function wordsOf(pointer: string): string {
  const keys = pointer.split('/').slice(1)
  return keys
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((key, i) => {
      if (/^\d{1,15}$/.test(key)) return `[${key}]`
      return /^[\w$-]+$/.test(key) ? `${i === 0 ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`
    })
    .join('')
}
