import { type Static, Type } from '../../base/schema.ts'
import { SCOPES } from '../../http/tokens.ts'
import { RunSummary } from '../../runs/schemas.ts'
import { SLOT_STEPS } from '../../runs/slot.ts'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Union([type, Type.Null()])
const Time = Type.String({ format: 'date-time' })

/** The answer of `GET /status`. */
export const StatusAnswer = Type.Object(
  {
    ok: Type.Literal(true),
    version: Type.String(),
    /** Whose token it is that asks; null where none is asked for. */
    token: orNull(Type.Object({ name: Type.String(), scope: Type.Enum([...SCOPES]) })),
    findings: Type.Array(
      Type.Object({ check: Type.String(), problem: Type.String(), remedy: orNull(Type.String()) }),
      { description: 'What is wrong with the settings, as it was found at the start.' },
    ),
    started_at: Time,
    agent: Type.String(),
    /** Who launches right now. */
    slot: Type.Object({
      taken: Type.Boolean(),
      request_id: orNull(Type.String()),
      run_id: orNull(Type.String()),
      step: orNull(Type.Enum([...SLOT_STEPS])),
    }),
    /** The run of this service that lives. */
    current: orNull(RunSummary),
    /** Every live agent that a `POST /run` would stop, whoever started it. */
    live_pids: orNull(Type.Array(Type.Integer())),
    autopoll: orNull(
      Type.Object({
        enabled: Type.Boolean(),
        next_at: orNull(Time),
        /** Why it would launch nothing if it looked now, or could not launch when it last looked. */
        would_skip: orNull(Type.String()),
        paused: Type.Boolean(),
      }),
    ),
    notice: orNull(
      Type.Object({
        kind: Type.Enum(['zulip', 'log']),
        route: orNull(Type.String()),
        /** What is wrong with the settings of notices. */
        problem: orNull(Type.String()),
        last: orNull(Type.Object({ at: Time, ok: Type.Boolean(), output: Type.String() })),
      }),
    ),
    disk: orNull(
      Type.Object({
        path: Type.String(),
        free_mb: Type.Integer(),
        min_free_mb: Type.Integer(),
        ok: Type.Boolean(),
      }),
    ),
    problems: Type.Record(Type.String(), Type.String(), {
      description: 'Why a part is null that cannot be told now, by its name.',
    }),
  },
  { description: 'As it is at this moment.' },
)
/** The answer of `GET /status`. */
export type StatusAnswer = Static<typeof StatusAnswer>
