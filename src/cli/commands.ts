import { OUTCOMES } from '../runs/outcome.ts'
import { TRIGGERS } from '../runs/run.ts'

/** An option as `node:util`'s `parseArgs` takes it. */
export interface OptionForm {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** How help calls what follows it. */
  readonly value?: string
  /** What completion offers. */
  readonly complete?: 'file' | 'directory' | readonly string[]
}

/** Every option; one name means the same thing for every command. */
export const OPTIONS = {
  prompt: { type: 'string', value: 'TEXT' },
  'prompt-file': { type: 'string', value: 'FILE', complete: 'file' },
  workspace: { type: 'string', value: 'DIR', complete: 'directory' },
  wait: { type: 'boolean' },
  follow: { type: 'boolean', short: 'f' },
  plan: { type: 'boolean' },
  tail: { type: 'string', value: 'N' },
  limit: { type: 'string', value: 'N' },
  outcome: {
    type: 'string',
    value: 'LIST',
    complete: ['live', ...OUTCOMES],
  },
  trigger: { type: 'string', value: 'NAME', complete: TRIGGERS },
  since: { type: 'string', value: 'WHEN' },
  url: { type: 'string', value: 'URL' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies Readonly<Record<string, OptionForm>>

/** The name of an option. */
export type OptionName = keyof typeof OPTIONS

/** A command of `looper`. */
export interface Command {
  /** Its words, as help shows them. */
  readonly words: string
  readonly minWords: number
  readonly maxWords: number
  readonly about: string
  /** What its own options do. */
  readonly options: Partial<Readonly<Record<OptionName, string>>>
  /** Which of the common options it takes. */
  readonly common: readonly OptionName[]
  /** What else there is to know. */
  readonly notes: string
}

/** The shells that `looper completion` speaks. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

const RUN_NOTE =
  'ID is a run id, a request id, or the beginning of one. Without it: the run that lives, else the newest.'

const ASKING = ['url', 'json', 'help'] as const

/** Every command, in the order of help. */
export const COMMANDS = {
  run: {
    words: '"MESSAGE" [-]',
    minWords: 1,
    maxWords: 2,
    about: 'announce the message, stop what runs, launch a fresh run',
    options: {
      prompt: 'the prompt; empty: announce and stop only',
      'prompt-file': 'the prompt from a file; - is stdin',
      workspace: 'where the agent works; without it, the repository of the current directory',
      wait: 'wait for its end, and exit with its return code',
      follow: 'the same, and show its log meanwhile',
      plan: 'tell what would be announced, stopped and launched, and do nothing',
    },
    common: ASKING,
    notes: `Without a prompt the service takes its default one; a - as the last word reads it from stdin.
Ctrl-C leaves the run alone.`,
  },
  status: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'tell what runs, when the autopoll looks next, and whether all is well',
    options: {},
    common: ASKING,
    notes: '',
  },
  runs: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'list runs, newest first',
    options: {
      limit: 'how many, up to 500; 20 without it',
      outcome: 'only these, separated by commas; live: those that have not ended',
      trigger: 'only those that it started: http, hook or autopoll',
      workspace: 'only those in this directory',
      since: 'only newer ones: a date, a time, or an age such as 90m, 12h, 7d',
    },
    common: ASKING,
    notes: '',
  },
  logs: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    about: 'show the log of a run',
    options: {
      follow: 'go on with what is written, until the run ends',
      tail: 'begin N lines before the end',
    },
    common: ASKING,
    notes: `${RUN_NOTE}
On a terminal, escape sequences other than colours are shown, not obeyed; into a pipe go the very bytes.`,
  },
  stop: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    about: 'stop a run, and wait until nothing of it is left',
    options: {},
    common: ASKING,
    notes: 'ID is a run id, a request id, or the beginning of one. Without it: the run that lives.',
  },
  doctor: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'check settings, programs, Zulip, port, disk; say what to mend',
    options: {},
    common: ['json', 'help'],
    notes: 'It sends, starts and changes nothing. Run it on the machine of the service, in its checkout.',
  },
  completion: {
    words: SHELLS.join('|'),
    minWords: 1,
    maxWords: 1,
    about: 'print a completion script for a shell',
    options: {},
    common: ['help'],
    notes: `bash: looper completion bash >~/.local/share/bash-completion/completions/looper
zsh:  looper completion zsh >_looper, in a directory of $fpath
fish: looper completion fish >~/.config/fish/completions/looper.fish`,
  },
  help: {
    words: '[COMMAND]',
    minWords: 0,
    maxWords: 1,
    about: 'show this, or all about one command',
    options: {},
    common: ['help'],
    notes: '',
  },
} as const satisfies Readonly<Record<string, Command>>

/** The form of an option. */
export const formOf = (name: OptionName): OptionForm => OPTIONS[name]

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS

/** What the options do that every command takes. */
export const COMMON_OPTIONS: Partial<Readonly<Record<OptionName, string>>> = {
  url: 'the service; without it LOOPER_URL, else the address of the settings',
  json: "the service's answer as JSON, for programs",
  help: 'show help',
}

/** Whether this is the name of a command. */
export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}

/** The options that a command takes, with what they do. */
export function optionsOf(name: CommandName): [OptionName, string][] {
  const { options: own, common }: Command = COMMANDS[name]
  return optionNames.flatMap((option): [OptionName, string][] => {
    const about = own[option] ?? (common.includes(option) ? COMMON_OPTIONS[option] : undefined)
    return about === undefined ? [] : [[option, about]]
  })
}

const optionNames = Object.keys(OPTIONS).filter((name): name is OptionName => Object.hasOwn(OPTIONS, name))
