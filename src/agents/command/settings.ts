import { type Static, Type } from '../../base/schema.ts'

/** Regular expressions for a line of text, from its beginning on. */
const Patterns = Type.Object(
  {
    /** Its first group is the session's id. */
    session: Type.Optional(Type.String()),
    /** Its first group is what the agent says; without it all lines that nothing else takes are the one answer. */
    text: Type.Optional(Type.String()),
    /** Its groups `input`, `cached`, `output` and `cost` (US dollars) are numbers, `,` between digits allowed. */
    usage: Type.Optional(Type.String()),
    /** Its first group is why the agent failed. */
    error: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
export type CommandPatterns = Static<typeof Patterns>

/** An agent that an owner adds by settings alone, as they stand in a file. */
export const CommandSettings = Type.Object(
  {
    /**
     * The program, then its arguments, in which `{prompt}`, `{workspace}`, `{model}`, `{session}` and `{system_file}` stand for
     * what the run asks for. A list of arguments is left out as a whole where something in it was not asked for.
     * The prompt goes in through stdin where no argument takes it.
     */
    argv: Type.Array(Type.Union([Type.String(), Type.Array(Type.String())]), { minItems: 1 }),
    /** The signal that it ends well at; `SIGTERM` by default. */
    stop: Type.Optional(Type.Enum(['SIGINT', 'SIGTERM'])),
    /** `text` (default): lines for people. `events`: our own events, see own-events.ts. */
    output: Type.Optional(Type.Enum(['text', 'events'])),
    patterns: Type.Optional(Patterns),
    /** Whether the numbers of `usage` include the session's earlier runs; `step` (default): they add up. */
    usage_of: Type.Optional(Type.Enum(['step', 'session'])),
  },
  { additionalProperties: false },
)
export type CommandSettings = Static<typeof CommandSettings>
