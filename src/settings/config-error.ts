import { messageOf } from '../base/errors.ts'

/** Every bad setting at once; the message is ready to print. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`These settings are wrong, so nothing was started:\n${problems.map((p) => `  ${p}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** What fails because of a file that a setting names is the owner's to mend, like the setting itself. @throws {ConfigError} */
export function asSetting<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new ConfigError([`${name}: ${messageOf(error)}`])
  }
}
