import type { Command } from './command.ts'
import { MCP_CLIENTS } from './mcp/clients/clients.ts'

/** The shells that `looper completion` speaks. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** The commands that ask no service for their answer, in the order of help. */
export const LOCAL_COMMANDS = {
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
  mcp: {
    words: '[install CLIENT]',
    minWords: 0,
    maxWords: 2,
    actions: ['install'],
    about: 'offer the tools of the service over stdio, to a program that starts MCP servers itself',
    options: { yes: 'install: do not ask before the file is written' },
    common: ['url', 'help'],
    examples: [
      ['looper mcp', 'as the command of an MCP server, in the settings of such a program'],
      ['looper mcp install claude', 'name it in the file that claude reads in this project'],
    ],
    notes: `Messages come on stdin and go to stdout, one a line. The service is found as for every other command, and may come
and go. Programs that speak MCP over HTTP need no "looper mcp": the address is that of the service, with /mcp.

CLIENT is one of ${MCP_CLIENTS.map(({ name }) => name).join(', ')}. "install" shows what it would change in the file of the
project, asks, and keeps everything else in it. It writes no token.`,
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
