/** What an owner's settings say of an agent. */
export interface OwnerChoice {
  /** A path, or a name on `PATH`; null: it is looked for. */
  readonly binary: string | null
  /** Null: the agent's own choice. */
  readonly model: string | null
  readonly args: readonly string[]
}

/** The same of settings that may not be set. */
export const ownerChoice = (binary?: string, model?: string, args: readonly string[] = []): OwnerChoice => ({
  binary: binary ?? null,
  model: model ?? null,
  args,
})
