/** A program may print what it likes when asked about itself. */
const LOOKED_AT = 262_144

/** The version in the output of a program that was asked for it. */
export const versionIn = (output: string): string | null =>
  /(?<![\d.])\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[\w.]{1,50})?/.exec(output.slice(0, LOOKED_AT))?.[0] ?? null

/** The long options that a help text lists, each once. */
export const optionsIn = (help: string): readonly string[] => [
  ...new Set(help.slice(0, LOOKED_AT).match(/(?<![\w-])--[a-z][a-z0-9-]+/g)),
]
