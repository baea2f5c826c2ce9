/** Folders in which an agent keeps something of each session, under the name of the session. */
export interface SessionPlace {
  /** An absolute path. */
  readonly dir: string
  /** So many folders lie between it and what is a session's. */
  readonly depth: number
  /** The session that a file or a folder there is of, by its name; null: of none. */
  sessionOf(name: string): string | null
}

/** The session that the one group of a pattern finds in a name, if it has the form of one. */
export const sessionIn =
  (pattern: RegExp, isSession: (id: string) => boolean): SessionPlace['sessionOf'] =>
  (name) => {
    const id = pattern.exec(name)?.[1]
    return id !== undefined && isSession(id) ? id : null
  }
