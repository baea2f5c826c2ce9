/** Which bytes of a whole an answer holds. */
export type ByteRange =
  | { readonly kind: 'whole' | 'unsatisfiable' }
  /** Up to and without `end`. */
  | { readonly kind: 'part'; readonly first: number; readonly end: number }

const ONE_RANGE = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/

/**
 * What a `Range` header asks for of so many bytes. What is no range, or several of them, means the whole (RFC 9110,
 * 14.2).
 */
export function rangeOf(header: string | undefined, size: number): ByteRange {
  const [, from, to, suffix] = ONE_RANGE.exec(header ?? '') ?? []
  if (from === undefined && suffix === undefined) return { kind: 'whole' }
  // A suffix is never absent where there is no begin.
  const first = from === undefined ? Math.max(0, size - Number(suffix)) : Number(from)
  const end = to ? Math.min(size, Number(to) + 1) : size
  if (to && Number(to) < first) return { kind: 'whole' }
  return first < end ? { kind: 'part', first, end } : { kind: 'unsatisfiable' }
}
