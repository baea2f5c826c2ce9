import { orNull, type Static, Type } from '../../base/schema.ts'

const TextOrNull = orNull(Type.String())

/** The answer of `GET /agents`. */
export const AgentsAnswer = Type.Object(
  {
    agents: Type.Array(
      Type.Object({
        name: Type.String(),
        default: Type.Boolean({ description: 'Whether it is that of whoever names none.' }),
        program: TextOrNull,
        version: TextOrNull,
        logged_in: Type.Union([Type.Boolean(), Type.Null()], { description: 'Null: nobody can say.' }),
        model: Type.Union([Type.String(), Type.Null()], { description: 'The one of the settings.' }),
        models: Type.Array(Type.String(), { description: 'Those that the agent lists.' }),
        can: Type.Object({ resume: Type.Boolean(), system_prompt: Type.Boolean(), model: Type.Boolean() }),
        options: Type.Array(Type.String(), { description: 'The long options that its help lists.' }),
        problem: TextOrNull,
      }),
    ),
  },
  { description: 'As they were found within the last minutes.' },
)
/** The answer of `GET /agents`. */
export type AgentsAnswer = Static<typeof AgentsAnswer>
