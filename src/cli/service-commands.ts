import type { Command } from './command.ts'

const ASKING = ['url', 'json', 'help'] as const

/** The commands about the service as a whole, in the order of help. */
export const SERVICE_COMMANDS = {
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
  queue: {
    words: '[first ID]',
    minWords: 0,
    maxWords: 2,
    actions: ['first'],
    id: 'any',
    about: 'show what waits for its slot, in order, or let one be the next',
    options: { slot: 'the slot; default: default' },
    common: ASKING,
    examples: [
      ['looper queue', 'what waits for the default slot'],
      ['looper queue first 3f2a', 'run 3f2a goes before all others of its slot'],
    ],
    notes: 'Runs wait that were asked for with --if-running queue or coalesce; "looper stop ID" cancels one.',
  },
  holds: {
    words: '[release AGENT]',
    minWords: 0,
    maxWords: 2,
    actions: ['release'],
    about: 'show the agents whose usage limit is reached, or let the runs of one begin now',
    options: {},
    common: ASKING,
    examples: [['looper holds release claude', 'what waits for claude begins now']],
    notes: 'The service ends a hold by itself when the limit is reset.',
  },
  disk: {
    words: '',
    minWords: 0,
    maxWords: 0,
    about: 'show what runs have left on the disk, and what would be deleted to stay below the cap',
    options: {
      'dry-run': 'what would be deleted now, in order; it deletes nothing',
      'cap-mb': 'as if LOOPER_DISK_CAP_MB were N',
    },
    common: ASKING,
    examples: [
      ['looper disk', 'who takes what, and what stays whatever the cap'],
      ['looper disk --dry-run --cap-mb 2000', 'what a cap of 2000 MB would delete'],
    ],
    notes: 'The service deletes by itself where LOOPER_DISK_CAP_MB is set: the oldest run first.',
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
} as const satisfies Readonly<Record<string, Command>>
