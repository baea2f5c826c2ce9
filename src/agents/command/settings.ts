/** An agent that an owner adds by settings alone. */
export interface CommandSettings {
  readonly name: string
  /**
   * The program, then its arguments, in which `{prompt}`, `{workspace}`, `{model}`, `{session}` and `{system_file}` stand for
   * what the run asks for. A list of arguments is left out as a whole where something in it was not asked for.
   * The prompt goes in through stdin where no argument takes it.
   */
  readonly argv: readonly (string | readonly string[])[]
  readonly stop?: 'SIGINT' | 'SIGTERM'
  /** `text` (default): lines for people. `events`: our own events, see own-events.ts. */
  readonly output?: 'text' | 'events'
  /** Regular expressions for a line of text, from its beginning on. */
  readonly patterns?: CommandPatterns
  /** Whether the numbers of `usage` include the session's earlier runs; `step` (default): they add up. */
  readonly usageOf?: 'step' | 'session'
}

export interface CommandPatterns {
  /** Its first group is the session's id. */
  readonly session?: string
  /** Its first group is what the agent says; without it all lines that nothing else takes are the one answer. */
  readonly text?: string
  /** Its groups `input`, `cached`, `output` and `cost` (US dollars) are numbers, `,` between digits allowed. */
  readonly usage?: string
  /** Its first group is why the agent failed. */
  readonly error?: string
}
