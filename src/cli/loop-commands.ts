import type { Command } from './command.ts'

/** What can be done with loops. */
export const LOOP_ACTIONS = [
  'new',
  'set',
  'start',
  'stop',
  'pause',
  'resume',
  'skip',
  'status',
  'hint',
  'history',
  'memory',
  'restore',
  'rm',
] as const
/** Something that can be done with loops. */
export type LoopAction = (typeof LOOP_ACTIONS)[number]

/** The command of loops. */
export const LOOP_COMMANDS = {
  loop: {
    words: '[ACTION] [NAME]',
    minWords: 0,
    maxWords: 3,
    actions: LOOP_ACTIONS,
    id: 'loop',
    about: 'make, change, start, stop and watch loops, which run an agent again and again',
    options: {
      prompt: 'new, set: what each round is to do',
      'prompt-file': 'new, set: read that from a file; - is stdin',
      workspace: 'new, set: where the agent works; default of new: the repository of the current directory',
      agent: 'new, set: the agent to run',
      model: 'new, set: the model, by the name that the agent uses',
      'system-prompt': 'new, set: instructions in addition to those of the agent',
      'system-prompt-file': 'new, set: read the system prompt from a file; - is stdin',
      session: 'new, set: fresh: each round begins one (default); continue: that of the round before',
      'interval-seconds': 'new, set: the wait between rounds; default: 5',
      verify: 'new, set: a command line that checks each round; the loop ends when it passes',
      monitor: 'new, set: a command line that is run before each round; its prompt has what it prints',
      'monitor-interval-seconds':
        'new, set: run it so often instead, as long as the loop is at work; 0: before each round',
      gate: 'new, set: a command line that exits with 75 if there is nothing to do, else with 0',
      'gate-failure': 'new, set: a gate that fails is a failed round (fail, default), go, or skip',
      checkpoints: 'new, set: on: keep the work tree after each round, in git; default: off',
      'completion-word': 'new, set: the loop ends when the agent says exactly this, alone on a line',
      'max-iterations': 'new, set: end after so many rounds; default: 50',
      'max-seconds': 'new, set: end so long after the start; default: 86400, a day',
      'max-tokens': 'new, set: end when the rounds have used so many tokens; default: unlimited',
      'max-cost-usd': 'new, set: end when they have cost so many US dollars; default: unlimited',
      'max-unchanged': 'new, set: pause after so many rounds in a row without a change; default: 5',
      'max-same-failures': 'new, set: pause when the same failure came so often in a row; default: 3',
      follow: 'start: show each round, until the loop ends or pauses',
      yes: 'stop, restore, rm: do not ask before something is stopped, changed or removed',
      limit: 'history: how many rounds, 1 to 500; default: 20',
      set: 'memory: write one, as a whole; - is stdin',
      versions: 'memory: who wrote what and when, the latest 20',
      restore: 'memory: put the version of this id in the place of what stands there now',
    },
    limits: [
      'max-iterations',
      'max-seconds',
      'max-tokens',
      'max-cost-usd',
      'max-unchanged',
      'max-same-failures',
    ],
    common: ['url', 'json', 'help'],
    examples: [
      [
        'looper loop new tidy --prompt "Fix one failing test" --verify "npm test"',
        'it ends when npm test passes',
      ],
      ['looper loop start tidy --follow', 'until it ends or pauses'],
      ['looper loop status', 'all loops, and how near the end of each is'],
      ['looper loop set tidy --max-tokens 2000000 --max-iterations unlimited', 'from its next round on'],
      ['looper loop hint tidy "Look at the parser first"', 'for the next round alone'],
      ['looper loop memory tidy working --set "Begin with the lexer"', 'for the next round alone, too'],
      ['looper loop restore tidy 3', 'its files as they were after round 3'],
      ['looper loop pause tidy', 'when the round that runs is over'],
    ],
    notes: `ACTION is one of these; without one it is status:
  new NAME            make a loop; what each round is to do is --prompt, --prompt-file, or - for stdin
  set NAME            change what the options name, from the next round on; "" takes a text away
  start NAME          begin with the first round; one that is paused goes on
  stop NAME           end it now, with the round that runs and all that this started
  pause|resume NAME   rest when the round that runs is over; go on
  skip NAME           end the wait for the next round
  status [NAME]       all loops, or all about one
  hint NAME TEXT|-    tell something to the next round alone; "" takes it back
  history NAME        its rounds, newest first
  memory NAME [WHICH] its memories, or the one that is persistent or working
  restore NAME ROUND  bring its files to what they were after a round, or to a checkpoint of this id
  rm NAME             remove one that rests, with its rounds and memories

A limit is a number above 0, or "unlimited". start --follow exits with 0 if the loop ended as it should, with 65 if it
has a check or a completion word and a limit ended it before, with 75 if it pauses, and with 1 if somebody stopped it.`,
  },
} as const satisfies Readonly<Record<string, Command>>
