import type { Command } from './command.ts'

const ASKING = ['url', 'json', 'help'] as const

/** The commands about what agents did with their tools, in the order of help. */
export const AGENT_COMMANDS = {
  claims: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'show the names that runs hold, and which run holds each',
    options: {},
    common: ASKING,
    examples: [['looper claims', '']],
    notes: 'Agents claim names with their tools. A claim ends when it is released, or with its run.',
  },
} as const satisfies Readonly<Record<string, Command>>
