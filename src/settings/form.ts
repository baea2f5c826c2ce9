import { MAX_SECONDS } from '../base/clock.ts'

/** What one setting may be. */
export interface Form<T> {
  /** Says what a good value is. */
  readonly expected: string
  /** The value of a text that is not empty, or null where it is a bad one. */
  readonly read: (text: string) => T | null
  /** Whether it is a path, or several: a leading ~ is the home then. */
  readonly isPath?: true
  /** Whether its value is never shown, not even in an error. */
  readonly isSecret?: true
  /** Whether it is taken as it is, quotes included: words and keys. */
  readonly isVerbatim?: true
  /** Whether an empty value is a mistake rather than "not set". */
  readonly isNeverEmpty?: true
}

/** A setting as the documents tell it. */
export interface Documented {
  /** What holds where it is not set, in Markdown. */
  readonly byDefault: string
  /** What it means, in Markdown, in one row of a table. */
  readonly about: string
  /** A value for `.env.example`; null: the default stands there. */
  readonly example: string | null
}

/** The settings of one owner, by their names. */
export type Forms = Readonly<Record<string, Form<unknown> & Documented>>

/** What they hold after validation, numbers as numbers; what is not set is left out. */
export type ValuesOf<F extends Forms> = { [Name in keyof F]?: NonNullable<ReturnType<F[Name]['read']>> }

/** A form with its words for the documents. */
export function setting<T>(
  form: Form<T>,
  byDefault: string,
  about: string,
  example: string | null = null,
): Form<T> & Documented {
  return { ...form, byDefault, about, example }
}

/** Any text. */
export const text = (expected: string): Form<string> => matching(/^/, expected)

/** A path. */
export const filePath = (expected = 'a file path'): Form<string> => ({ ...text(expected), isPath: true })

/** One of several words, in any case. */
export const oneOf = (pattern: string, expected: string): Form<string> =>
  matching(new RegExp(`^(${pattern})$`, 'i'), expected)

/** On or off. */
export const flag = (): Form<boolean> => ({
  expected: 'one of 1, true, yes, on, 0, false, no, off',
  read: (given) =>
    /^(1|true|yes|on)$/i.test(given) ? true : /^(0|false|no|off)$/i.test(given) ? false : null,
})

/** A span of time, in seconds. */
export const seconds = (): Form<number> => number(0, MAX_SECONDS, `a number of seconds, 0 to ${MAX_SECONDS}`)

/** A whole number that has no bound of its own. */
export const count = (expected: string): Form<number> => integer(0, Number.MAX_SAFE_INTEGER, expected)

/** Items, each in quotes or not; none at all is a mistake. */
export function list(
  separator: string,
  expected: string,
  readItem: (item: string) => string | null = (item) => item,
): Form<readonly string[]> {
  const read = (given: string) => {
    const items = given.split(separator).map((item) => unquote(item.trim()))
    const values = items.filter((item) => item !== '').map(readItem)
    const good = values.filter((value) => value !== null)
    return good.length > 0 && good.length === values.length ? good : null
  }
  return { expected, read }
}

/** A text that looks so. */
export function matching(pattern: RegExp, expected: string): Form<string> {
  return { expected, read: (given) => (pattern.test(given) ? given : null) }
}

/** A number within bounds. */
export function number(least: number, most: number, expected: string): Form<number> {
  const read = (given: string) => {
    const value = Number(given)
    return Number.isFinite(value) && value >= least && value <= most ? value : null
  }
  return { expected, read }
}

/** A whole number within bounds. */
export function integer(least: number, most: number, expected: string): Form<number> {
  const { read } = number(least, most, expected)
  return { expected, read: (given) => (Number.isInteger(Number(given)) ? read(given) : null) }
}

/** What stands in quotes, where a text is all in quotes: docker's --env-file and some editors of settings keep them. */
export function unquote(text: string): string {
  return /^(["'`])((?:(?!\1).)*)\1$/s.exec(text)?.[2]?.trim() ?? text
}
