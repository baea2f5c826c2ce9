import { type Static, Type } from '../../base/schema.ts'

const pattern = (description: string) => Type.Optional(Type.String({ description }))

const Patterns = Type.Object(
  {
    session: pattern("Its first group is the session's id."),
    text: pattern(
      'Its first group is what the agent says; without it all lines that nothing else takes are the one answer.',
    ),
    usage: pattern(
      'Its groups `input`, `cached`, `output` and `cost` (US dollars) are numbers, `,` between digits allowed.',
    ),
    error: pattern('Its first group is why the agent failed.'),
  },
  {
    additionalProperties: false,
    description: 'Regular expressions that each line of output is matched with, from its beginning on.',
  },
)
export type CommandPatterns = Static<typeof Patterns>

/** An agent that an owner adds by settings alone, as they stand in the config file. */
export const CommandSettings = Type.Object(
  {
    argv: Type.Array(Type.Union([Type.String(), Type.Array(Type.String())]), {
      minItems: 1,
      description:
        'The program, then its arguments, in which {prompt}, {workspace}, {model}, {session} and {system_file} stand for what the run asks for. A list of arguments is left out as a whole if something in it was not asked for. Without {prompt} the prompt goes to stdin.',
    }),
    model: Type.Optional(Type.String({ description: 'The model if a request names none.' })),
    stop: Type.Optional(
      Type.Enum(['SIGINT', 'SIGTERM'], { description: 'The signal to stop it with; SIGTERM by default.' }),
    ),
    output: Type.Optional(
      Type.Enum(['text', 'events'], {
        description:
          'text (default): lines for people, read with patterns; events: a JSON event on each line.',
      }),
    ),
    patterns: Type.Optional(Patterns),
    usage_of: Type.Optional(
      Type.Enum(['step', 'session'], {
        description:
          'session: the numbers of usage include the earlier runs of the session; step (default): they add up.',
      }),
    ),
    version: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description:
          'Arguments with which it prints its version, as ["--version"]. Without them it is not asked.',
      }),
    ),
    help: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description:
          'Arguments with which it prints its options, as ["--help"]. Without them it is not asked.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type CommandSettings = Static<typeof CommandSettings>
