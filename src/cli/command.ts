import type { OptionName } from './options.ts'

/** A command of `looper`. */
export interface Command {
  /** Its words, as help shows them. */
  readonly words: string
  readonly minWords: number
  readonly maxWords: number
  /** What its first word may be, where that is a closed set. */
  readonly actions?: readonly string[]
  /** Whether its first word, behind an action, is the id of a run; of a live one only; or the name of a loop. */
  readonly id?: 'any' | 'live' | 'loop'
  readonly about: string
  /** What its own options do. */
  readonly options: Partial<Readonly<Record<OptionName, string>>>
  /** Which of its options are limits: they take a number above 0, or `unlimited`. */
  readonly limits?: readonly OptionName[]
  /** Which of the common options it takes. */
  readonly common: readonly OptionName[]
  /** Command lines, with what they do. */
  readonly examples: readonly (readonly [line: string, about: string])[]
  /** What else there is to know. */
  readonly notes: string
}
