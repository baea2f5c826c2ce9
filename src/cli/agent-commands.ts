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
  reports: {
    words: '[ID]',
    minWords: 0,
    maxWords: 1,
    id: 'any',
    about: 'list the reports that the agent of a run delivered',
    options: {},
    common: ASKING,
    examples: [['looper reports', 'those of the live run, or of the newest one']],
    notes: 'ID is a run id, a request id, or the beginning of one.',
  },
  report: {
    words: 'ID | TITLE FILE|-',
    minWords: 1,
    maxWords: 2,
    about: 'show a report, by its number; inside a run, deliver one',
    options: {},
    common: ASKING,
    examples: [
      ['looper report 12', ''],
      ['looper report 12 >report.md', 'in a pipe it is byte for byte as the agent wrote it'],
      [
        'looper report "Findings" findings.md',
        'inside a run: kept with it; the same title again replaces the text',
      ],
    ],
    notes: '',
  },
  flags: {
    words: '[clear ID]',
    minWords: 0,
    maxWords: 2,
    actions: ['clear'],
    about: 'list what agents flagged for people to look at, or clear a flag',
    options: {},
    common: ASKING,
    examples: [['looper flags clear 7', 'somebody has looked at what flag 7 says']],
    notes: '',
  },
  scheduled: {
    words: '[cancel ID]',
    minWords: 0,
    maxWords: 2,
    actions: ['cancel'],
    about: 'list the runs that agents scheduled, or cancel one',
    options: {},
    common: ASKING,
    examples: [['looper scheduled cancel 3', 'number 3 does not begin']],
    notes:
      'When its time has come, a run waits for its slot; "looper queue" lists it then, and "looper stop ID" cancels it.',
  },
} as const satisfies Readonly<Record<string, Command>>
