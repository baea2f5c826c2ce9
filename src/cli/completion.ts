import {
  COMMANDS,
  type CommandName,
  formOf,
  isCommand,
  type OptionName,
  optionsOf,
  SHELLS,
} from './commands.ts'
import { wrongUse } from './failure.ts'

/** The completion script for a shell. @throws {Failure} for a shell that it does not speak */
export function completionScript(shell: string | undefined): string {
  switch (shell) {
    case 'bash':
      return bash()
    case 'zsh':
      return zsh()
    case 'fish':
      return fish()
    default:
      throw wrongUse(`there is no completion for "${shell}"`, `Give one of ${SHELLS.join(', ')}.`)
  }
}

const NAMES = Object.keys(COMMANDS).filter(isCommand)

/** The words that a command may be given, as far as they are known beforehand. */
function wordsOf(name: CommandName): readonly string[] {
  return name === 'completion' ? SHELLS : name === 'help' ? NAMES : []
}

function flagsOf(name: CommandName): string[] {
  return optionsOf(name).flatMap(([option]) => {
    const { short } = formOf(option)
    return [`--${option}`, ...(short === undefined ? [] : [`-${short}`])]
  })
}

const allOptions = (): OptionName[] => [
  ...new Set(NAMES.flatMap((name) => optionsOf(name).map(([option]) => option))),
]

function bash(): string {
  const values = allOptions().flatMap((option) => {
    const { type, complete } = formOf(option)
    if (type === 'boolean') return []
    const generate = Array.isArray(complete)
      ? `-W '${complete.join(' ')}'`
      : complete === 'file'
        ? '-f'
        : complete === 'directory'
          ? '-d'
          : null
    const reply = generate === null ? '' : ` COMPREPLY=($(compgen ${generate} -- "$current"));`
    const files = generate === '-f' || generate === '-d' ? ' compopt -o filenames 2>/dev/null;' : ''
    return [`  --${option})${files}${reply} return ;;`]
  })
  const commands = NAMES.map(
    (name) => `  ${name}) words='${[...wordsOf(name), ...flagsOf(name)].join(' ')}' ;;`,
  )
  return `# bash completion for looper
_looper() {
  local IFS=$' \\t\\n' current=\${COMP_WORDS[COMP_CWORD]} words='${NAMES.join(' ')} --help --version' i
  COMPREPLY=()
  case \${COMP_WORDS[COMP_CWORD - 1]} in
${values.join('\n')}
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
${commands.map((line) => `  ${line}`).join('\n')}
    *) continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _looper looper`
}

function zsh(): string {
  const optionSpec = (option: OptionName, about: string): string => {
    const { short, value, complete } = formOf(option)
    const action = Array.isArray(complete)
      ? `(${complete.join(' ')})`
      : complete === 'file'
        ? '_files'
        : complete === 'directory'
          ? '_directories'
          : ''
    const rest = `${quoted(`[${about.replace(/[[\]]/g, '\\$&')}]${value === undefined ? '' : `:${value}:${action}`}`)}`
    return short === undefined
      ? `--${option}${rest}`
      : `'(-${short} --${option})'{-${short},--${option}}${rest}`
  }
  const cases = NAMES.map((name) => {
    const specs = optionsOf(name).map(([option, about]) => optionSpec(option, about))
    const words = wordsOf(name)
    const positional = words.length > 0 ? [`'1:word:(${words.join(' ')})'`] : []
    return `    ${name}) _arguments ${[...specs, ...positional].join(' ')} ;;`
  })
  return `#compdef looper
_looper() {
  local curcontext=$curcontext state line
  local -a commands=(
${NAMES.map((name) => `    ${quoted(`${name}:${COMMANDS[name].about}`)}`).join('\n')}
  )
  _arguments -C '--version[show the version]' '(-h --help)'{-h,--help}'[show help]' '1: :->command' '*:: :->rest'
  case $state in
  command) _describe command commands ;;
  rest)
    case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}
if [[ $funcstack[1] = _looper ]]; then _looper "$@"; else compdef _looper looper; fi`
}

function fish(): string {
  const lines = NAMES.flatMap((name) => {
    const inCommand = `complete -c looper -n '__fish_seen_subcommand_from ${name}'`
    const options = optionsOf(name).map(([option, about]) => {
      const { type, short, complete } = formOf(option)
      const takes = Array.isArray(complete)
        ? ` -x -a '${complete.join(' ')}'`
        : complete === 'file'
          ? ' -r -F'
          : complete === 'directory'
            ? " -x -a '(__fish_complete_directories)'"
            : type === 'string'
              ? ' -x'
              : ''
      return `${inCommand} -l ${option}${short === undefined ? '' : ` -s ${short}`}${takes} -d ${fishQuoted(about)}`
    })
    const words = wordsOf(name)
    return [
      `complete -c looper -n __fish_use_subcommand -a ${name} -d ${fishQuoted(COMMANDS[name].about)}`,
      ...options,
      ...(words.length > 0 ? [`${inCommand} -a '${words.join(' ')}'`] : []),
    ]
  })
  return `# fish completion for looper
complete -c looper -f
complete -c looper -n __fish_use_subcommand -l version -d 'show the version'
complete -c looper -n __fish_use_subcommand -l help -s h -d 'show help'
${lines.join('\n')}`
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const fishQuoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
