import type { Command } from './command.ts'
import { COMMAND_NAMES, COMMANDS, type CommandName, commandOf, optionsOf } from './commands.ts'
import { wrongUse } from './failure.ts'
import { SHELLS } from './local-commands.ts'
import { OFFERS, type Offer } from './offers.ts'
import { formOf, OPTION_NAMES, type OptionForm, type OptionName } from './options.ts'

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

const OFFER_OF: Readonly<Record<NonNullable<Command['id']>, Offer>> = {
  any: 'runs',
  live: 'live',
  loop: 'loops',
}

/** What a command's words may name, as `looper completion` is asked for it; null for nothing. */
function offerOf(name: CommandName): Offer | null {
  const { id } = commandOf(name)
  return id === undefined ? null : OFFER_OF[id]
}

function flagsOf(name: CommandName): string[] {
  return optionsOf(name).flatMap(([option]) => {
    const { short } = formOf(option)
    return [`--${option}`, ...(short === undefined ? [] : [`-${short}`])]
  })
}

function bash(): string {
  const values = OPTION_NAMES.flatMap((option) => {
    const form = formOf(option)
    return form.type === 'boolean' ? [] : [`  --${option})${bashValues(form)} return ;;`]
  })
  const commands = NAMES.map((name) => {
    const offer = offerOf(name)
    const words = [...wordsOf(name), ...flagsOf(name)].join(' ')
    return `  ${name}) words='${words}'${offer === null ? '' : ` offer=${offer}`} ;;`
  })
  return `# bash completion for looper
_looper_offers() {
  "\${COMP_WORDS[0]}" completion "$1" 2>/dev/null | cut -d ' ' -f 1
}
_looper() {
  local IFS=$' \\t\\n' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local words='${NAMES.join(' ')} --help --version' offer= i
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
  if [[ $offer && $current != -* ]]; then
    COMPREPLY+=($(compgen -W "$(_looper_offers "$offer")" -- "$current"))
  fi
}
complete -F _looper looper`
}

/** How bash is told what an option takes. */
function bashValues({ complete, oneOf }: OptionForm): string {
  const words = (list: string) => ` COMPREPLY=($(compgen -W ${list} -- "$current"));`
  if (oneOf) return words(`'${oneOf.join(' ')}'`)
  switch (complete) {
    case undefined:
      return ''
    // Readline's own completion knows how names with spaces and quotes are written.
    case 'file':
      return ' compopt -o default 2>/dev/null;'
    case 'directory':
      return ' compopt -o dirnames 2>/dev/null;'
    default:
      return words(`"$(_looper_offers ${complete})"`)
  }
}

function zsh(): string {
  const optionSpec = (option: OptionName, about: string): string => {
    const form = formOf(option)
    const { short, value } = form
    const takes = value === undefined ? '' : `:${value}:${zshValues(form)}`
    const rest = quoted(`[${about.replace(/[[\]]/g, '\\$&')}]${takes}`)
    return short === undefined
      ? // The value may be the next word, or stand behind a =.
        `--${option}${value === undefined ? '' : '='}${rest}`
      : `'(-${short} --${option})'{-${short},--${option}}${rest}`
  }
  const cases = NAMES.map((name) => {
    const specs = optionsOf(name).map(([option, about]) => optionSpec(option, about))
    const words = wordsOf(name)
    const offer = offerOf(name)
    // Without a place for its words, zsh completes nothing behind them.
    const other = commandOf(name).maxWords > 0 ? [`'*:word:'`] : []
    const known = [
      ...(words.length > 0 ? [`word:(${words.join(' ')})`] : []),
      ...(offer === null ? [] : [`${offer}:_looper_${offer}`]),
    ]
    const positional = known.length > 0 ? known.map((one, index) => `'${index + 1}:${one}'`) : other
    return `    ${name}) _arguments ${[...specs, ...positional].join(' ')} ;;`
  })
  const offered = OFFERS.map(
    (which) => `_looper_${which}() {
  local -a offers=(\${(f)"$(_call_program ${which} looper completion ${which} 2>/dev/null)"})
  offers=(\${offers/ /:})
  _describe -V ${which} offers
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

/** How zsh is told what an option takes. */
function zshValues({ complete, oneOf }: OptionForm): string {
  if (oneOf) return `(${oneOf.join(' ')})`
  switch (complete) {
    case undefined:
      return ''
    case 'file':
      return '_files'
    case 'directory':
      return '_directories'
    default:
      return `_looper_${complete}`
  }
}

function fish(): string {
  const lines = NAMES.flatMap((name) => {
    const inCommand = `complete -c looper -n '__fish_seen_subcommand_from ${name}'`
    const options = optionsOf(name).map(([option, about]) => {
      const form = formOf(option)
      const short = form.short === undefined ? '' : ` -s ${form.short}`
      return `${inCommand} -l ${option}${short}${fishValues(form)} -d ${fishQuoted(about)}`
    })
    const words = wordsOf(name)
    const offer = offerOf(name)
    return [
      `complete -c looper -n __fish_use_subcommand -a ${name} -d ${fishQuoted(COMMANDS[name].about)}`,
      ...options,
      ...(words.length > 0 ? [`${inCommand} -a '${words.join(' ')}'`] : []),
      ...(offer === null ? [] : [`${inCommand} -k -a '${fishOffers(offer)}'`]),
    ]
  })
  return `# fish completion for looper
complete -c looper -f
complete -c looper -n __fish_use_subcommand -l version -s v -d 'show the version'
complete -c looper -n __fish_use_subcommand -l help -s h -d 'show help'
${lines.join('\n')}`
}

/** How fish is told what an option takes. */
function fishValues({ type, complete, oneOf }: OptionForm): string {
  if (type === 'boolean') return ''
  if (oneOf) return ` -x -a '${oneOf.join(' ')}'`
  switch (complete) {
    case undefined:
      return ' -x'
    case 'file':
      return ' -r -F'
    case 'directory':
      return " -x -a '(__fish_complete_directories)'"
    default:
      return ` -x -k -a '${fishOffers(complete)}'`
  }
}

const fishOffers = (which: Offer) => `(looper completion ${which} 2>/dev/null | string replace " " \\t)`

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const fishQuoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
