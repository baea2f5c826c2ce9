import { noCommand } from './args.ts'
import { COMMANDS, type CommandName, commandOf, isCommand, optionsOf } from './commands.ts'
import { formOf, type OptionName } from './options.ts'

/** All commands, or all about one of them. @throws {Failure} where there is no such command */
export function helpText(name: string | undefined): string {
  if (name === undefined) return overview()
  if (!isCommand(name)) throw noCommand(name)
  return aboutCommand(name)
}

function overview(): string {
  const commands = Object.entries(COMMANDS).map(([name, { words, about }]): [string, string] => [
    `${name} ${words}`,
    about,
  ])
  return `Usage: looper COMMAND [options]

${columns(commands)}

Options of most commands:
${columns([
  ...optionsOf('status').map(([name, about]): [string, string] => [flag(name), about]),
  [flag('version'), 'show the version'],
])}

The token is read from LOOPER_API_TOKEN, never from the command line. Variables that are not set in the environment are
read from the .env of the service: in a checkout its own, else ~/.looper/.env.
Exit status: 0 success, 1 failed, 2 wrong usage, 66 no such run, 67 and 68 no answer, 69 not reachable, 75 busy,
77 token refused, 78 wrong settings, 130 Ctrl-C. run --wait and --follow exit with the return code of the run,
128 + n for signal n.`
}

function aboutCommand(name: CommandName): string {
  const { words, about, examples, notes } = commandOf(name)
  const options = optionsOf(name).map(([option, text]): [string, string] => [flag(option), text])
  return [
    `Usage: looper ${name} ${words}`.trimEnd(),
    `${about[0]?.toUpperCase()}${about.slice(1)}.`,
    columns(options),
    `Examples:\n${columns(examples)}`,
    ...(notes === '' ? [] : [notes]),
  ].join('\n\n')
}

/** An option as it is written. */
function flag(name: OptionName): string {
  const { short, value } = formOf(name)
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`.trimEnd()).join('\n')
}
