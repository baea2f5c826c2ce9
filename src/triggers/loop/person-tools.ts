import { LooperError } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import { shortened } from '../../base/shortened.ts'
import { type PersonTool, personTool } from '../../tools/tool.ts'
import type { Loops } from './control.ts'
import { Hint, LOOP_NAME, LoopDefinition } from './loop.ts'
import type { Loop, LoopRecords } from './records.ts'
import { loopAnswer } from './schemas.ts'

/** What they take. */
export interface PersonToolsDeps {
  readonly loops: Loops
  readonly records: Pick<LoopRecords, 'find'>
}

const name = Type.String({ pattern: LOOP_NAME })
const { user, workspace, agent, model, session, verify, completion_word, max_iterations, max_tokens } =
  LoopDefinition.properties
/** Of what a loop is, what most loops say. */
const fields = { user, workspace, agent, model, session, verify, completion_word, max_iterations, max_tokens }
/** What is done to a loop by a word. */
const ACTIONS = ['start', 'stop', 'pause', 'resume', 'skip'] as const
/** A model reads all of an answer. */
const MOST_CHARACTERS = 8000

/** What a person's own agent does with loops, as their routes do it. */
export function loopTools({ loops, records }: PersonToolsDeps): PersonTool[] {
  return [
    personTool({
      name: 'list_loops',
      description:
        'List the loops, which run an agent again and again: what each does, what ends it, and how near that is.',
      input: Type.Object({}, { additionalProperties: false }),
      isReadOnly: true,
      scope: 'read',
      call: async () => ({ loops: loops.all().map(told) }),
    }),
    personTool({
      name: 'set_loop',
      description:
        'Make a loop, or change these fields of one from its next round on. start it with control_loop.',
      input: Type.Object(
        { name, ...fields, user: Type.Optional(fields.user) },
        { additionalProperties: false },
      ),
      isReadOnly: false,
      // What checks its work is a command.
      scope: 'admin',
      async call({ name, ...given }) {
        const before = records.find(name)?.definition
        const { user = before?.user } = given
        if (user === undefined)
          throw new LooperError(
            'LOOPER_FIELD_INVALID',
            `say what each round of the new loop ${name} is to do: 'user'`,
          )
        return told(loops.define(name, { ...before, ...given, user }))
      },
    }),
    personTool({
      name: 'control_loop',
      description:
        'Start or stop a loop, pause it after its round, let it go on, or skip its wait. hint: told to its next round alone.',
      input: Type.Object(
        { name, action: Type.Optional(Type.Enum([...ACTIONS])), hint: Type.Optional(Hint) },
        { additionalProperties: false },
      ),
      isReadOnly: false,
      scope: 'run',
      async call({ name, action, hint }) {
        if (hint !== undefined) loops.hint(name, hint)
        return told(action === undefined ? loops.named(name) : await loops[action](name))
      },
    }),
  ]
}

function told(loop: Loop): Readonly<Record<string, unknown>> {
  const { name, state, cause, why, iteration, run_id, next_round_at, limits, used, last_output, definition } =
    loopAnswer(loop)
  return {
    ...{ name, state, cause, why, iteration, run_id, next_round_at, limits, used },
    user: shortened(definition.user, MOST_CHARACTERS),
    last_output: shortened(last_output, MOST_CHARACTERS),
  }
}
