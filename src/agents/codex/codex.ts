import { broken, ok } from '../../base/finding.ts'
import type { Agent } from '../agent.ts'
import { failureOf } from './failure.ts'
import { limitedUntil } from './limit.ts'
import { isInRepository, refusalOf } from './workspace.ts'

/** One argument on Linux, its terminating NUL included (MAX_ARG_STRLEN in linux/binfmts.h). */
const MAX_ARGUMENT_BYTES = 131_072

const APPROVAL_POLICY = 'never'
const SANDBOX = 'workspace-write'

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

/** Where a checkout of codex has its builds, beside the project. */
const BUILDS = ['codex/codex', 'codex/codex-rs/target/release/codex', 'codex/codex-rs/target/debug/codex']

/** OpenAI's `codex exec`. */
export const codex: Agent = {
  name: 'codex',
  program: { name: 'codex', configured: null, builds: BUILDS },
  installRemedy: 'Install codex, or name it with CODEX_EXEC_BINARY.',
  approvalPolicy: APPROVAL_POLICY,
  sandbox: SANDBOX,

  command({ binary, workspace, prompt, runId }) {
    const fitsArgument = Buffer.byteLength(prompt) < MAX_ARGUMENT_BYTES
    return {
      argv: [
        binary,
        '--ask-for-approval',
        APPROVAL_POLICY,
        'exec',
        '--sandbox',
        SANDBOX,
        '-C',
        workspace,
        // codex may hand its tools a trimmed environment; this keeps the cookie in it under every policy.
        '-c',
        `shell_environment_policy.set.LOOPER_RUN_ID=${runId}`,
        '--',
        // A prompt of "-" alone would be read as "take it from stdin".
        fitsArgument && prompt !== '-' ? prompt : '-',
      ],
      stdin: fitsArgument && prompt !== '-' ? null : prompt,
    }
  },

  refusalOf,

  checkWorkspace(workspace) {
    if (isInRepository(workspace)) return ok('workspace', workspace)
    return broken(
      'workspace',
      `${workspace} is no git repository, so codex refuses to work there`,
      'Run "git init" there, or set LOOPER_WORKSPACE.',
    )
  },

  tokensUsed(tail) {
    const found = /^tokens used\n([\d,]+)$/m.exec(tail)?.[1]
    return found === undefined ? null : Number(found.replaceAll(',', ''))
  },

  limitedUntil,

  failureOf,

  isRun(argv) {
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
  },
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
