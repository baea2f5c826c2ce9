import type { Command } from './command.ts'
import { OPTION_NAMES, type OptionName } from './options.ts'

/** The shells that `looper completion` speaks. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

const RUN_NOTE =
  'ID is a run id, a request id, or the beginning of one. Without it: the run that lives, else the newest.'

const ASKING = ['url', 'json', 'help'] as const

const STAYING = {
  wait: 'wait for its end, and exit with its return code',
  follow: 'the same, and show its log meanwhile',
  plan: 'tell what would be announced, stopped and launched, and do nothing',
  yes: 'stop what runs without asking',
} as const

const ASKS = `On a terminal it says what it would stop, and asks first. In a pipe or a script it never asks.
Ctrl-C leaves the run alone.`

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
      agent: 'which agent; without it, the one of the settings; "looper agents" lists them',
      model: 'the model, as the agent calls it',
      'system-prompt': 'what the agent is told beside its own instructions',
      resume: 'go on in the session of this run; a run id, or the beginning of one',
      ...STAYING,
    },
    common: ASKING,
    examples: [
      ['looper run "Fix the login page"', 'with the default prompt'],
      ['looper run "Nightly" --prompt-file task.md --wait', 'wait for the end'],
      ['git diff | looper run "Review this" -', 'the prompt from stdin'],
      ['looper run "Fix it" --plan', 'only look'],
      ['looper run "Go on" --resume 3f2a --prompt "Now the tests"', 'in the session of that run'],
    ],
    notes: `Without a prompt the service takes its default one; a - as the last word reads it from stdin.
${ASKS}`,
  },
  rerun: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'launch a run again: same message, prompt, workspace, agent, model and program',
    options: { continue: 'go on in its session, instead of beginning a new one', ...STAYING },
    common: ASKING,
    examples: [
      ['looper rerun', 'the run that lives, else the newest'],
      ['looper rerun 3f2a --follow', 'another one, with its log'],
    ],
    notes: `${RUN_NOTE}
${ASKS}`,
  },
  status: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'tell what runs, when the autopoll looks next, and whether all is well',
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
      limit: 'how many, up to 500; 20 without it',
      outcome: 'only these, separated by commas; live: not ended yet; failed: ended badly',
      failed: 'the same as --outcome failed',
      trigger: 'only those that it started: http, hook or autopoll',
      workspace: 'only those in this directory',
      since: 'only newer ones: a date, a time, or an age such as 90m, 12h, 7d',
    },
    common: ASKING,
    examples: [
      ['looper runs --failed --since 7d', 'what went wrong this week'],
      ['looper runs --workspace . --limit 5', 'the last five here'],
    ],
    notes: '',
  },
  show: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'show all about a run: how it ended and why, times, command, last lines',
    options: {},
    common: ASKING,
    examples: [
      ['looper show', 'the run that lives, else the newest'],
      ['looper show 3f2a --json', 'another one, for programs'],
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
      follow: 'go on with what is written, until the run ends',
      transcript: 'what the agent said and did, instead of the raw log',
      tail: 'begin N lines before the end',
      since: 'begin with what was written then: a time, or an age such as 90s, 10m, 2h',
    },
    common: ASKING,
    examples: [
      ['looper logs -f', 'follow the run that lives'],
      ['looper logs 3f2a --tail 50', 'the last lines of another one'],
      ['looper logs --transcript', 'what its agent said, and which tools it called'],
      ['looper logs --since 10m', 'what was written in the last ten minutes'],
    ],
    notes: `${RUN_NOTE}
On a terminal, escape sequences other than colours are shown, not obeyed; into a pipe go the very bytes.
--since needs a service that keeps the times of logs (LOOPER_LOG_TIMES=1).`,
  },
  stop: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'live',
    about: 'stop a run, and wait until nothing of it is left',
    options: {},
    common: ASKING,
    examples: [['looper stop', 'the run that lives']],
    notes: 'ID is a run id, a request id, or the beginning of one. Without it: the run that lives.',
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
      ['looper open 3f2a', 'one run'],
    ],
    notes: 'Where there is no browser, or no display, the address is printed.',
  },
  agents: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'list the agents: found where, which version, logged in or not',
    options: {},
    common: ASKING,
    examples: [['looper agents', 'the one with a * is that of whoever names none']],
    notes: '',
  },
  autopoll: {
    words: 'pause|resume|launch',
    minWords: 1,
    maxWords: 1,
    actions: ['pause', 'resume', 'launch'],
    about: 'pause the autopoll, let it go on, or let it launch the default run now',
    options: {},
    common: ASKING,
    examples: [
      ['looper autopoll pause', 'also across restarts of the service, until it is resumed'],
      ['looper autopoll launch', 'now, if nothing runs'],
    ],
    notes: '',
  },
  token: {
    words: 'add|list|revoke [NAME]',
    minWords: 1,
    maxWords: 2,
    actions: ['add', 'list', 'revoke'],
    about: 'make, list or revoke tokens for others',
    options: {
      scope: 'add: what it may do; read: look; run: also launch and stop; admin: everything',
      days: 'add: how long it is valid; for ever without it',
      file: 'the tokens file; LOOPER_TOKENS_FILE without it',
    },
    common: ['json', 'help'],
    examples: [
      ['looper token add ci --scope run --days 90', ''],
      ['looper token add ci --scope run >ci.token', 'the token alone goes to stdout'],
      ['looper token revoke ci', ''],
    ],
    notes: `Run it on the machine of the service, which takes up changes by itself. The file keeps hashes only: a token is
shown once, when it is made.`,
  },
  serve: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'run the service itself, in the foreground',
    options: {},
    common: ['help'],
    examples: [
      ['looper serve', ''],
      ['LOOPER_PORT=4000 looper serve', 'settings come from the environment and .env'],
    ],
    notes: `Installed as a package it keeps its logs and its record in ~/.looper, and reads ~/.looper/.env. In a checkout it does
what "npm start" does. Ctrl-C or SIGTERM stops it, and the run that lives.`,
  },
  doctor: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'check settings, programs, notices, port, disk; say what to fix',
    options: {},
    common: ['json', 'help'],
    examples: [['looper doctor', '']],
    notes: 'It sends, starts and changes nothing. Run it on the machine of the service, as its user.',
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
    notes: 'The scripts ask the service for ids of runs; without one they offer none.',
  },
  help: {
    words: '[COMMAND]',
    minWords: 0,
    maxWords: 1,
    about: 'show this, or all about one command',
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
  url: 'the service; without it LOOPER_URL, else the address of the settings',
  json: 'the answer as JSON, for programs',
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
