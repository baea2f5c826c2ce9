import { parseArgs } from 'node:util'
import { messageOf } from '../base/errors.ts'
import { COMMAND_NAMES, type CommandName, commandOf, isCommand, optionsOf } from './commands.ts'
import { type Failure, wrongUse } from './failure.ts'
import { faultOf, OPTION_NAMES, OPTIONS } from './options.ts'
import { didYouMean } from './suggest.ts'

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
  if (name === undefined || options.version) return { command: null, words, options }
  if (!isCommand(name)) throw noCommand(name)
  if (options.help) return { command: 'help', words: [name], options }

  const taken = optionsOf(name).map(([option]) => option)
  const remedy = `"looper help ${name}" lists what it accepts.`
  for (const option of OPTION_NAMES) {
    const value = options[option]
    if (value === undefined) continue
    if (!taken.includes(option)) throw wrongUse(`"looper ${name}" has no option --${option}`, remedy)
    const isLimit = commandOf(name).limits?.includes(option) === true
    const fault = typeof value === 'string' ? faultOf(option, value, isLimit) : null
    if (fault) throw wrongUse(fault.what, fault.remedy)
  }
  const { minWords, maxWords, words: usage, actions } = commandOf(name)
  const [action] = words
  if (actions && action !== undefined && !actions.includes(action)) {
    const what = `"looper ${name}" has no "${action}".${didYouMean(action, actions)}`
    throw wrongUse(what, `Use one of: ${actions.join(', ')}.`)
  }
  if (words.length < minWords || words.length > maxWords) {
    throw wrongUse(`usage: looper ${name} ${usage}`.trimEnd(), remedy)
  }
  return { command: name, words, options }
}

/** The failure of a command line that names no command. */
export function noCommand(name: string): Failure {
  return wrongUse(
    `there is no command "${name}".${didYouMean(name, COMMAND_NAMES)}`,
    '"looper help" lists the commands.',
  )
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // Node's advice behind that is about something else.
    const [what = ''] = messageOf(error).split('. ')
    const [, unknown] = /^Unknown option '(-[^']*)'/.exec(what) ?? []
    const command = args.find(isCommand)
    const known = command === undefined ? OPTION_NAMES : optionsOf(command).map(([option]) => option)
    const flags = known.map((option) => `--${option}`)
    throw wrongUse(
      unknown === undefined ? what : `${what}.${didYouMean(unknown, flags)}`,
      `"looper help${command === undefined ? '' : ` ${command}`}" lists what it accepts.`,
    )
  }
}
