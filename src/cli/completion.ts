import { COMMAND_NAMES, COMMANDS, type CommandName, commandOf, optionsOf, SHELLS } from './commands.ts'
import { wrongUse } from './failure.ts'
import { formOf, OPTION_NAMES, type OptionName } from './options.ts'

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
      throw wrongUse(`there is no completion for "${shell}"`, `Use one of: ${SHELLS.join(', ')}.`)
  }
}

const NAMES = COMMAND_NAMES

/** The words that a command may be given, as far as they are known beforehand. */
function wordsOf(name: CommandName): readonly string[] {
  return name === 'completion' ? SHELLS : name === 'help' ? NAMES : (commandOf(name).actions ?? [])
}

/** Which runs a command's first word may name, as `looper completion` is asked for them; null for none. */
function runsOf(name: CommandName): 'runs' | 'live' | null {
  const { id } = commandOf(name)
  return id === undefined ? null : id === 'live' ? 'live' : 'runs'
}

function flagsOf(name: CommandName): string[] {
  return optionsOf(name).flatMap(([option]) => {
    const { short } = formOf(option)
    return [`--${option}`, ...(short === undefined ? [] : [`-${short}`])]
  })
}

function bash(): string {
  const values = OPTION_NAMES.flatMap((option) => {
    const { type, complete, oneOf } = formOf(option)
    if (type === 'boolean') return []
    // Readline's own completion knows how names with spaces and quotes are written.
    const names = { file: 'default', directory: 'dirnames' }
    const reply = complete
      ? ` compopt -o ${names[complete]} 2>/dev/null;`
      : oneOf
        ? ` COMPREPLY=($(compgen -W '${oneOf.join(' ')}' -- "$current"));`
        : ''
    return [`  --${option})${reply} return ;;`]
  })
  const commands = NAMES.map((name) => {
    const runs = runsOf(name)
    const words = [...wordsOf(name), ...flagsOf(name)].join(' ')
    return `  ${name}) words='${words}'${runs === null ? '' : ` runs=${runs}`} ;;`
  })
  return `# bash completion for looper
_looper() {
  local IFS=$' \\t\\n' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local words='${NAMES.join(' ')} --help --version' runs= i
  COMPREPLY=()
  # bash takes --option=value apart.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
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
  if [[ $runs && $current != -* ]]; then
    COMPREPLY+=($(compgen -W "$("\${COMP_WORDS[0]}" completion "$runs" 2>/dev/null | cut -d ' ' -f 1)" -- "$current"))
  fi
}
complete -F _looper looper`
}

function zsh(): string {
  const optionSpec = (option: OptionName, about: string): string => {
    const { short, value, complete, oneOf } = formOf(option)
    const action = oneOf
      ? `(${oneOf.join(' ')})`
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
    const runs = runsOf(name)
    // Without a place for its words, zsh completes nothing behind them.
    const other = commandOf(name).maxWords > 0 ? [`'*:word:'`] : []
    const positional =
      runs !== null
        ? [`'1:run:_looper_${runs}'`]
        : words.length > 0
          ? [`'1:word:(${words.join(' ')})'`]
          : other
    return `    ${name}) _arguments ${[...specs, ...positional].join(' ')} ;;`
  })
  const offered = (['runs', 'live'] as const).map(
    (which) => `_looper_${which}() {
  local -a runs=(\${(f)"$(_call_program runs looper completion ${which} 2>/dev/null)"})
  runs=(\${runs/ /:})
  _describe -V run runs
}`,
  )
  return `#compdef looper
${offered.join('\n')}
_looper() {
  local curcontext=$curcontext state line
  local -a commands=(
${NAMES.map((name) => `    ${quoted(`${name}:${COMMANDS[name].about}`)}`).join('\n')}
  )
  _arguments -C '(-v --version)'{-v,--version}'[show the version]' '(-h --help)'{-h,--help}'[show help]' '1: :->command' '*:: :->rest'
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
      const { type, short, complete, oneOf } = formOf(option)
      const takes = oneOf
        ? ` -x -a '${oneOf.join(' ')}'`
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
    const runs = runsOf(name)
    return [
      `complete -c looper -n __fish_use_subcommand -a ${name} -d ${fishQuoted(COMMANDS[name].about)}`,
      ...options,
      ...(words.length > 0 ? [`${inCommand} -a '${words.join(' ')}'`] : []),
      ...(runs === null
        ? []
        : [`${inCommand} -k -a '(looper completion ${runs} 2>/dev/null | string replace " " \\t)'`]),
    ]
  })
  return `# fish completion for looper
complete -c looper -f
complete -c looper -n __fish_use_subcommand -l version -s v -d 'show the version'
complete -c looper -n __fish_use_subcommand -l help -s h -d 'show help'
${lines.join('\n')}`
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const fishQuoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
