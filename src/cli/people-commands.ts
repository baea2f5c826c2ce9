import type { Command } from './command.ts'

const ASKING = ['url', 'json', 'help'] as const

/** The commands of people whom agents ask. */
export const PEOPLE_COMMANDS = {
  asks: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'show what agents ask people and nobody has answered yet',
    options: { all: 'also what was answered, has expired or was withdrawn' },
    common: ASKING,
    examples: [['looper asks', 'the oldest first, each with the id that answers it']],
    notes: 'Agents ask in runs with tools, which LOOPER_AGENT_TOOLS=1 gives them.',
  },
  answer: {
    words: 'ID [TEXT|-]',
    minWords: 1,
    maxWords: 2,
    about: 'answer what an agent asks, once',
    options: {},
    common: ASKING,
    examples: [
      ['looper answer k7m2qd yes', 'one of its choices, where it has some'],
      ['cat notes.md | looper answer k7m2qd', 'the answer from stdin'],
    ],
    notes: `"looper asks" lists the ids. Without TEXT, or with -, the answer is read from stdin.
It needs a token of scope answer, whose name stands on the record as the one who answered.`,
  },
} as const satisfies Readonly<Record<string, Command>>
