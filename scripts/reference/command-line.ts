import { COMMANDS } from '../../src/cli/commands.ts'
import { helpText } from '../../src/cli/help.ts'

/** What `looper help` says, of all commands and of each. */
export function commandLine(): string {
  const names = [undefined, ...Object.keys(COMMANDS)]
  const texts = names.map((name) => `$ looper help${name === undefined ? '' : ` ${name}`}\n${helpText(name)}`)
  return `${texts.join('\n\n')}\n`
}
