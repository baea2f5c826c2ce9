import { orNull, type Static, Type } from '../../base/schema.ts'
import { SCOPES } from '../../http/tokens.ts'
import { outboxState } from '../../notices/outbox-state.ts'
import type { StatusPart } from '../../plugin.ts'
import { HoldAnswer } from '../../runs/holds/hold-schemas.ts'
import { RunSummary } from '../../runs/run-schemas.ts'
import { SLOT_STEPS } from '../../runs/slot.ts'
import { SlotAnswer } from '../../runs/slot-schemas.ts'

const Time = Type.String({ format: 'date-time' })

const core = {
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
  /** Who launches in the default slot right now. */
  slot: Type.Object({
    taken: Type.Boolean(),
    request_id: orNull(Type.String()),
    run_id: orNull(Type.String()),
    step: orNull(Type.Enum([...SLOT_STEPS])),
  }),
  /** What runs in each slot, the default one first. */
  slots: orNull(Type.Array(SlotAnswer)),
  /** The agents of which nothing is launched until their usage limits are reset. */
  holds: orNull(Type.Array(HoldAnswer)),
  /** The run of this service that lives in the default slot. */
  current: orNull(RunSummary),
  /** Every live agent that a `POST /run` would stop, whoever started it. */
  live_pids: orNull(Type.Array(Type.Integer())),
  today: orNull(
    Type.Object(
      {
        day: Type.String({ format: 'date' }),
        tokens: Type.Number(),
        max_tokens: orNull(Type.Integer()),
        cost_usd: Type.Number(),
        max_cost_usd: orNull(Type.Number()),
        /** When the next day begins. */
        until: Time,
        spent: Type.Boolean(),
      },
      {
        description:
          "What all runs have used today, by the host's time zone; spent: nothing is launched until the next day.",
      },
    ),
  ),
  notice: orNull(
    Type.Object({
      kind: Type.String(),
      route: orNull(Type.String()),
      /** What is wrong with the settings of notices. */
      problem: orNull(Type.String()),
      last: orNull(Type.Object({ at: Time, ok: Type.Boolean(), output: Type.String() })),
    }),
  ),
  outbox: orNull(
    Type.Object(outboxState, {
      description: 'Messages that wait to be sent, and those that were given up; see `GET /outbox`.',
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
    description: 'Why a part is null: what cannot be read now, by the name of the part.',
  }),
}

/** The answer of `GET /status`, without what plug-ins tell. */
const StatusCore = Type.Object(core)
/** The answer of `GET /status`, without what plug-ins tell. */
export type StatusCore = Static<typeof StatusCore>

/** The answer of `GET /status`, with what plug-ins tell under their names; null: it cannot be told now. */
export function statusAnswer(parts: readonly StatusPart[]) {
  const told = Object.fromEntries(parts.map(({ name, schema }) => [name, orNull(schema)]))
  return Type.Object({ ...core, ...told }, { description: 'As it is at this moment.' })
}
