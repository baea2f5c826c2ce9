import type { Command } from './command.ts'
import { OPTION_NAMES, type OptionName } from './options.ts'

/** The shells that `looper completion` speaks. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

const RUN_NOTE =
  'ID is a run id, a request id, or the beginning of one. Without ID: the live run, or the newest one if nothing runs.'

const ASKING = ['url', 'json', 'help'] as const

const STAYING = {
  wait: 'wait until the run ends, and exit with its return code',
  follow: 'like --wait, and show the log meanwhile',
  plan: 'only show what would be announced, stopped and launched',
  yes: 'do not ask before something is stopped',
} as const

const ASKS = `On a terminal it shows what it would stop, and asks first. In a pipe or a script, and with --json, it never asks.
Ctrl-C ends the command, not the run.`

/** Every command, in the order of help. */
export const COMMANDS = {
  run: {
    words: '"MESSAGE" [-]',
    minWords: 1,
    maxWords: 2,
    about: 'announce the message, stop what runs, launch a new run',
    options: {
      prompt: 'the prompt; if empty, only announce and stop',
      'prompt-file': 'read the prompt from a file; - is stdin',
      workspace: 'where the agent works; default: the repository of the current directory',
      slot: 'the slot to run in; in each slot at most one run lives; default: default',
      'share-workspace': 'allow runs in other slots in the same workspace, where they allow it, too',
      agent: 'the agent to run; "looper agents" lists them and shows the default',
      model: 'the model, by the name that the agent uses',
      'system-prompt': 'instructions in addition to those of the agent',
      'system-prompt-file': 'read the system prompt from a file; - is stdin',
      resume: 'continue the session of this run; ID is a run id, or the beginning of one',
      ...STAYING,
    },
    common: ASKING,
    examples: [
      ['looper run "Fix the login page"', 'with the default prompt'],
      ['looper run "Nightly" --prompt-file task.md --wait', 'wait for the end'],
      ['git diff | looper run "Review this" -', 'the prompt from stdin'],
      ['looper run "Fix it" --plan', 'do nothing yet'],
      ['looper run "Continue" --resume 3f2a --prompt "Now the tests"', 'in the session of run 3f2a'],
    ],
    notes: `Without a prompt the service uses its default prompt. With - as the last word the prompt is read from stdin.
${ASKS}`,
  },
  rerun: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'launch a run again: same message, prompt, slot, workspace, agent, model and program',
    options: { continue: 'continue its session instead of beginning a new one', ...STAYING },
    common: ASKING,
    examples: [
      ['looper rerun', 'the live run, or the newest one'],
      ['looper rerun 3f2a --follow', 'run 3f2a, and show the log of the new run'],
    ],
    notes: `${RUN_NOTE}
${ASKS}`,
  },
  status: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'show what is running, the autopoll, notices, the disk, and wrong settings',
    options: {},
    common: ASKING,
    examples: [
      ['looper status', ''],
      ['looper status --json', 'for programs'],
    ],
    notes: '',
  },
  runs: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'list runs, newest first',
    options: {
      limit: 'how many, 1 to 500; default: 20',
      outcome: 'only runs with these outcomes, separated by commas; live: not ended; failed: ended badly',
      failed: 'the same as --outcome failed',
      trigger: 'only runs started by http, hook or autopoll',
      slot: 'only runs in this slot',
      workspace: 'only runs in this directory',
      since: 'only runs since a date, a time, or an age such as 90m, 12h, 7d',
    },
    common: ASKING,
    examples: [
      ['looper runs --failed --since 7d', 'what failed in the last seven days'],
      ['looper runs --workspace . --limit 5', 'the last five in this directory'],
    ],
    notes: '',
  },
  show: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'show everything about a run: how it ended and why, times, command, last lines',
    options: {},
    common: ASKING,
    examples: [
      ['looper show', 'the live run, or the newest one'],
      ['looper show 3f2a --json', 'run 3f2a, as JSON'],
    ],
    notes: RUN_NOTE,
  },
  logs: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'show the log of a run',
    options: {
      follow: 'continue until the run ends',
      transcript: 'what the agent said and which tools it called, instead of the raw log',
      tail: 'only the last N lines, and what follows with --follow',
      since: 'only what was written since a time, or an age such as 90s, 10m, 2h',
    },
    common: ASKING,
    examples: [
      ['looper logs -f', 'follow the live run'],
      ['looper logs 3f2a --tail 50', 'the last 50 lines of run 3f2a'],
      ['looper logs --transcript', 'what the agent said and which tools it called'],
      ['looper logs --since 10m', 'what was written in the last ten minutes'],
    ],
    notes: `${RUN_NOTE}
On a terminal, escape sequences other than colours are shown as symbols. In a pipe the log is printed byte for byte.
--since only works for runs that began while LOOPER_LOG_TIMES=1 was set for the service.`,
  },
  stop: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'live',
    about: 'stop a run, and wait until nothing of it is left',
    options: {},
    common: ASKING,
    examples: [['looper stop', 'the live run']],
    notes: 'ID is a run id, a request id, or the beginning of one. Without ID: the live run.',
  },
  open: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'open the dashboard in the browser, or a run in it',
    options: {},
    common: ['url', 'help'],
    examples: [
      ['looper open', ''],
      ['looper open 3f2a', 'run 3f2a'],
    ],
    notes: 'Without a browser or display it prints the address.',
  },
  slots: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'show what runs in each slot, what is being launched, and who waits',
    options: {},
    common: ASKING,
    examples: [['looper slots', '']],
    notes: 'Runs in different slots live side by side; a new run replaces only the one in its own slot.',
  },
  agents: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'list the agents: where they were found, which version, logged in or not',
    options: {},
    common: ASKING,
    examples: [['looper agents', 'the default agent is marked with *']],
    notes: '',
  },
  autopoll: {
    words: 'pause|resume|launch',
    minWords: 1,
    maxWords: 1,
    actions: ['pause', 'resume', 'launch'],
    about: 'pause or resume the autopoll, or let it launch the default prompt now',
    options: {},
    common: ASKING,
    examples: [
      ['looper autopoll pause', 'until it is resumed, also across restarts of the service'],
      ['looper autopoll launch', 'launch now, if nothing runs'],
    ],
    notes: '',
  },
  token: {
    words: 'add|list|revoke [NAME]',
    minWords: 1,
    maxWords: 2,
    actions: ['add', 'list', 'revoke'],
    about: 'add, list or revoke tokens for other users and programs',
    options: {
      scope: 'add: what it may do; read: see runs; run: also launch and stop; admin: everything',
      days: 'add: how many days it is valid; default: it never expires',
      file: 'the tokens file; default: LOOPER_TOKENS_FILE',
    },
    common: ['json', 'help'],
    examples: [
      ['looper token add ci --scope run --days 90', ''],
      ['looper token add ci --scope run >ci.token', 'only the token goes to stdout'],
      ['looper token revoke ci', ''],
    ],
    notes: `Run it on the machine of the service, which reads the file again when it changes. The file only keeps hashes: a token
is shown once, when it is added.`,
  },
  serve: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'run the service in the foreground',
    options: {},
    common: ['help'],
    examples: [
      ['looper serve', ''],
      ['LOOPER_PORT=4000 looper serve', 'settings come from the environment and .env'],
    ],
    notes: `Installed as a package it reads ~/.looper/.env and keeps its logs and its database in ~/.looper/logs. In a checkout it
does the same as "npm start". Ctrl-C or SIGTERM stops the service and its run.`,
  },
  doctor: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'check settings, programs, notices, port and disk, and say what to fix',
    options: {},
    common: ['json', 'help'],
    examples: [['looper doctor', '']],
    notes: 'Run it on the machine of the service, as its user. It sends, starts and changes nothing.',
  },
  completion: {
    words: SHELLS.join('|'),
    minWords: 1,
    maxWords: 1,
    about: 'print a completion script for a shell',
    options: {},
    common: ['help'],
    examples: [
      ['looper completion bash >~/.local/share/bash-completion/completions/looper', ''],
      ['looper completion zsh >_looper', 'in a directory of $fpath'],
      ['looper completion fish >~/.config/fish/completions/looper.fish', ''],
    ],
    notes: 'The scripts ask the service for runs and agents, and offer none if it cannot be reached.',
  },
  help: {
    words: '[COMMAND]',
    minWords: 0,
    maxWords: 1,
    about: 'list the commands, or describe one',
    options: {},
    common: ['help'],
    examples: [['looper help run', '']],
    notes: '',
  },
} as const satisfies Readonly<Record<string, Command>>

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS

/** A command by its name. */
export const commandOf = (name: CommandName): Command => COMMANDS[name]

/** What the options do that every command takes. */
export const COMMON_OPTIONS: Partial<Readonly<Record<OptionName, string>>> = {
  url: 'the address of the service; default: LOOPER_URL, else that of the settings',
  json: 'print the answer as JSON, for programs',
  help: 'show help',
}

/** Whether this is the name of a command. */
export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}

/** All names of commands, in the order of help. */
export const COMMAND_NAMES = Object.keys(COMMANDS).filter(isCommand)

/** The options that a command takes, with what they do. */
export function optionsOf(name: CommandName): [OptionName, string][] {
  const { options: own, common } = commandOf(name)
  return OPTION_NAMES.flatMap((option): [OptionName, string][] => {
    const about = own[option] ?? (common.includes(option) ? COMMON_OPTIONS[option] : undefined)
    return about === undefined ? [] : [[option, about]]
  })
}
