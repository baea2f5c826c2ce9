import { AGENT_COMMANDS } from './agent-commands.ts'
import type { Command } from './command.ts'
import { LOCAL_COMMANDS } from './local-commands.ts'
import { LOOP_COMMANDS } from './loop-commands.ts'
import { OPTION_NAMES, type OptionName } from './options.ts'
import { OWN_COMMANDS } from './own-commands.ts'
import { PEOPLE_COMMANDS } from './people-commands.ts'
import { SERVICE_COMMANDS } from './service-commands.ts'

const RUN_NOTE =
  'ID is a run id, a request id, or the beginning of one. Without ID: the live run, or the newest one if nothing runs.'

const ASKING = ['url', 'json', 'help'] as const

const STAYING = {
  wait: 'wait for its end, and exit with its return code; 65: refuted, 70: not verified, 75: parked',
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
      isolate: 'worktree: work in a git work tree of its own, on a branch of its own',
      'no-tools': 'give the agent none of the tools that Looper may offer it',
      'if-running': 'where the slot is taken: replace (default), skip, queue, coalesce or resume',
      agent: 'the agent to run; "looper agents" lists them and shows the default',
      model: 'the model, by the name that the agent uses',
      'system-prompt': 'instructions in addition to those of the agent',
      'system-prompt-file': 'read the system prompt from a file; - is stdin',
      resume: 'continue the session of this run; ID is a run id, or the beginning of one',
      'max-tokens': 'stop the run when it has used so many tokens; 0: no limit',
      'max-cost-usd': 'stop the run when it has cost so many US dollars; 0: no limit',
      verify: 'a command line that checks what the agent did; "": no check',
      'verify-timeout-seconds': 'stop the check after so many seconds; 0: never; default: 600',
      ...STAYING,
    },
    common: ASKING,
    examples: [
      ['looper run "Fix the login page"', 'with the default prompt'],
      ['looper run "Nightly" --prompt-file task.md --wait', 'wait for the end'],
      ['git diff | looper run "Review this" -', 'the prompt from stdin'],
      ['looper run "Fix it" --plan', 'do nothing yet'],
      ['looper run "Then this" --if-running queue', 'when the slot is free'],
      ['looper run "Continue" --resume 3f2a --prompt "Now the tests"', 'in the session of run 3f2a'],
      ['looper run "Fix it" --verify "npm test" --wait', 'exit with 65 if npm test fails afterwards'],
    ],
    notes: `Without a prompt the service uses its default prompt. With - as the last word the prompt is read from stdin.
${ASKS}`,
  },
  rerun: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'launch a run again: same message, prompt, slot, workspace, agent, program, budget, check',
    options: {
      continue: 'continue its session instead of beginning a new one',
      'max-tokens': 'another budget in tokens; 0: no limit',
      'max-cost-usd': 'another budget in US dollars; 0: no limit',
      verify: 'another command line that checks what the agent did; "": no check',
      ...STAYING,
    },
    common: ASKING,
    examples: [
      ['looper rerun', 'the live run, or the newest one'],
      ['looper rerun 3f2a --continue --max-tokens 2000000', 'continue run 3f2a with another budget'],
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
      trigger: 'only runs started by http, hook, autopoll, tool, chat or loop',
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
      'verify-log': 'what the check of the run wrote, instead of the log of the agent',
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
  diff: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'show what a run changed in the git work tree of its workspace, committed or not',
    options: {},
    common: ASKING,
    examples: [['looper diff', 'the live run so far, or the newest one']],
    notes: `${RUN_NOTE}

In a pipe the diff is as git writes it; "git apply -R" takes it and undoes what the run changed.`,
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
  ...LOOP_COMMANDS,
  ...SERVICE_COMMANDS,
  ...AGENT_COMMANDS,
  ...PEOPLE_COMMANDS,
  ...OWN_COMMANDS,
  ...LOCAL_COMMANDS,
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
