/** Options of `codex` before the subcommand that take a value (`codex --help`, 0.169). */
const CODEX_VALUE_OPTIONS: ReadonlySet<string> = new Set([
  '-c',
  '--config',
  '--enable',
  '--disable',
  '--remote',
  '--remote-auth-token-env',
  '-i',
  '--image',
  '-m',
  '--model',
  '--local-provider',
  '-p',
  '--profile',
  '-s',
  '--sandbox',
  '-C',
  '--cd',
  '--add-dir',
  '-a',
  '--ask-for-approval',
])

/** Programs that run a script file, the options that take a value, and those that run something else instead. */
const INTERPRETERS: readonly {
  readonly name: RegExp
  readonly takesValue: ReadonlySet<string>
  readonly inline: RegExp
}[] = [
  {
    name: /^(node|nodejs|bun)$/,
    takesValue: new Set(['-r', '--require', '--import', '--loader', '-C', '--conditions', '--env-file']),
    inline: /^(-[a-z]*[epci]$|--(eval|print|check|interactive)(=|$))/,
  },
  { name: /^(sh|bash|dash|zsh|ksh)$/, takesValue: new Set(['-o', '+o']), inline: /^-[a-z]*[cs][a-z]*$/ },
  { name: /^python[\d.]*$/, takesValue: new Set(['-W', '-X']), inline: /^-[a-zA-Z]*[cm]$/ },
]

const SCRIPT_NAME = /^codex(\.(js|mjs|cjs))?$/

const basename = (file: string) => file.slice(file.lastIndexOf('/') + 1)

/** Whether an argv is a run of `codex exec`, and not something that merely mentions one. */
export function isRun(argv: readonly string[]): boolean {
  const start = programIndex(argv)
  if (start === null) return false
  let isValue = false
  for (const word of argv.slice(start + 1)) {
    if (isValue) isValue = false
    else if (word === '--') return false
    else if (CODEX_VALUE_OPTIONS.has(word)) isValue = true
    else if (!word.startsWith('-')) return word === 'exec' || word === 'e'
  }
  return false
}

/** Where in argv `codex` stands: first, or as the script of an interpreter; null where it is neither. */
function programIndex(argv: readonly string[]): number | null {
  const program = basename(argv[0] ?? '')
  if (program === 'codex') return 0
  const interpreter = INTERPRETERS.find(({ name }) => name.test(program))
  if (!interpreter) return null
  let isValue = true // argv[0] is no option
  for (const [i, word] of argv.entries()) {
    if (isValue) isValue = false
    else if (interpreter.takesValue.has(word)) isValue = true
    else if (interpreter.inline.test(word)) return null
    else if (!word.startsWith('-')) return SCRIPT_NAME.test(basename(word)) ? i : null
  }
  return null
}
