import { parseArgs } from 'node:util'
import { messageOf } from '../errors.ts'
import { COMMANDS, type CommandName, isCommand, OPTIONS, optionsOf } from './commands.ts'
import { wrongUse } from './failure.ts'

/** A command line, read. */
export interface CommandLine {
  /** Null where none is named. */
  readonly command: CommandName | null
  readonly words: readonly string[]
  readonly options: Options
}

/** The options as given. */
export type Options = ReturnType<typeof parse>['values']

/**
 * Reads a command line; options may stand anywhere.
 * @throws {Failure} for what no command takes
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values: options, positionals } = parse(args)
  const [name, ...words] = positionals
  if (name === undefined) return { command: null, words, options }
  if (!isCommand(name)) throw wrongUse(`there is no command "${name}"`, '"looper help" lists them.')
  if (options.help) return { command: 'help', words: [name], options }

  const known = new Set<string>(optionsOf(name).map(([option]) => option))
  const foreign = Object.keys(options).find((option) => !known.has(option))
  const remedy = `"looper help ${name}" tells what it takes.`
  if (foreign !== undefined) throw wrongUse(`"looper ${name}" takes no --${foreign}`, remedy)
  const { minWords, maxWords, words: usage } = COMMANDS[name]
  if (words.length < minWords || words.length > maxWords) {
    throw wrongUse(`usage: looper ${name} ${usage}`.trimEnd(), remedy)
  }
  return { command: name, words, options }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // Node's advice behind that is about something else.
    const [what = ''] = messageOf(error).split('. ')
    throw wrongUse(what, '"looper help" tells what it takes.')
  }
}
