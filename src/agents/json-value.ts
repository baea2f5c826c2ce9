/** An object of a JSON text. */
export type Fields = Readonly<Record<string, unknown>>

const NONE: Fields = {}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object as it came; one without fields where it is none. */
export const fieldsIn = (value: unknown): Fields => (isFields(value) ? value : NONE)

/** A list as it came; an empty one where it is none. */
export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A text as it came; null where it is none. */
export const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** The texts of a list of parts, one below the other; null where there is none. */
export const textsIn = (parts: unknown): string | null =>
  listIn(parts)
    .map((part) => textIn(fieldsIn(part).text))
    .filter((text) => text !== null)
    .join('\n') || null

/** More than any run can use, or cost; sums of it stay exact. */
const MOST_AMOUNT = 1e12

/** A number that can be an amount; null where it is none. */
export const amountIn = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= MOST_AMOUNT ? value : null

/** A whole number that can be an amount; null where it is none. */
export const countIn = (value: unknown): number | null => (Number.isInteger(value) ? amountIn(value) : null)

/** The last moment that a Date can hold. */
const LAST_MS = 8.64e15

/** A time in milliseconds since the epoch; null where it is none. */
export const timeIn = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= LAST_MS ? value : null

/** A value as JSON; null where it is nested deeper than can be told. */
export function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value ?? null)
  } catch {
    return null
  }
}

/** The object on a line; null where there is no whole one. */
export function objectOn(line: string): Fields | null {
  if (!line.startsWith('{')) return null
  try {
    return fieldsIn(JSON.parse(line))
  } catch {
    return null
  }
}
