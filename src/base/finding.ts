/** What was found out about one thing. */
export interface Finding {
  readonly check: string
  /** `warning`: it works, with a limit that one should know. */
  readonly state: 'ok' | 'warning' | 'broken'
  readonly text: string
  /** What to do about it; null where all is well. */
  readonly remedy: string | null
}

/** All is well. */
export const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text, remedy: null })

/** It works, with a limit. */
export const warning = (check: string, text: string, remedy: string): Finding => ({
  check,
  state: 'warning',
  text,
  remedy,
})

/** It does not work. */
export const broken = (check: string, text: string, remedy: string): Finding => ({
  check,
  state: 'broken',
  text,
  remedy,
})
