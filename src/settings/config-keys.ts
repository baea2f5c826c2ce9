import type { Static, TSchema } from '../base/schema.ts'

/** The config file of an owner, which holds what is a list or a tree: each part of the settings has keys of its own in it. */
export interface ConfigFile {
  /** Where it is; null: there is none. */
  readonly path: string | null
  /** What a key holds; null where it is not there or wrong. What is wrong with it goes to the problems. */
  read<S extends TSchema>(key: string, schema: S): Static<S> | null
  /** Adds a problem of a value, by the keys that lead to it. */
  refuse(keys: readonly string[], why: string): void
  /** A sentence for each key that is none of these: misspelt, perhaps. */
  tellOfUnknown(known: readonly string[]): readonly string[]
}

export const NO_CONFIG_FILE: ConfigFile = {
  path: null,
  read: () => null,
  refuse: () => undefined,
  tellOfUnknown: () => [],
}
