import type { Command } from './command.ts'

const ASKING = ['url', 'json', 'help'] as const
const INSIDE = 'It works inside a run of Looper, for its agent, if LOOPER_AGENT_TOOLS=1 gave the run tools.'

/** The commands of the agent inside a run that has a shell, in the order of help. */
export const OWN_COMMANDS = {
  ask: {
    words: 'QUESTION|-',
    minWords: 1,
    maxWords: 1,
    about: 'inside a run: ask people, wait, and print the answer alone',
    options: {
      choices: 'the only answers, separated by commas',
      default: 'the answer where nobody gives one until the deadline',
      deadline: 'how long people may take, such as 90s, 10m, 12h, 7d; default: as long as the run lives',
      park: 'end the run now; it goes on in its session with the answer',
      ref: 'what it is about: the number of a report, an address, a path',
    },
    common: ASKING,
    examples: [
      ['looper ask "Deploy now?" --choices yes,no', 'blocks, and prints yes or no'],
      [
        'looper ask "Which port?" --default 8080 --deadline 10m',
        '67: nobody answered; the default is printed',
      ],
    ],
    notes: `${INSIDE}
The question stays open when the command ends, by Ctrl-C or a time limit of the shell: the same question again waits for
the same answer. Exit status: 0 answered, 67 nobody did until the deadline, 68 nobody will, 75 parked.`,
  },
  tell: {
    words: 'MESSAGE|-',
    minWords: 1,
    maxWords: 1,
    about: 'inside a run: tell people something',
    options: {},
    common: ASKING,
    examples: [['looper tell "All tests pass now"', '']],
    notes: INSIDE,
  },
  flag: {
    words: 'NOTE|-',
    minWords: 1,
    maxWords: 1,
    about: 'inside a run: mark it as one that needs a look, but no answer',
    options: {},
    common: ASKING,
    examples: [['looper flag "The tests were red before I began"', '']],
    notes: INSIDE,
  },
  claim: {
    words: 'NAME',
    minWords: 1,
    maxWords: 1,
    about: 'inside a run: take a name, so that no other run does the same work',
    options: {},
    common: ASKING,
    examples: [['looper claim issue-14', 'status 1 where another run has it, and which one']],
    notes: `${INSIDE}
A claim ends when it is released, or with its run.`,
  },
  release: {
    words: 'NAME',
    minWords: 1,
    maxWords: 1,
    about: 'inside a run: let go of a name that it claimed',
    options: {},
    common: ASKING,
    examples: [['looper release issue-14', '']],
    notes: INSIDE,
  },
  cost: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'inside a run: what it and all runs of today have used, and their budgets',
    options: {},
    common: ASKING,
    examples: [['looper cost --json', '']],
    notes: INSIDE,
  },
} as const satisfies Readonly<Record<string, Command>>
