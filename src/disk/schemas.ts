import { orNull, type Static, Type } from '../base/schema.ts'
import { REASONS } from './source.ts'

const Bytes = Type.Integer({ minimum: 0 })
const Time = Type.String({ format: 'date-time' })

/** The answer of `GET /disk`. */
export const DiskAnswer = Type.Object(
  {
    cap_mb: orNull(Type.Integer()),
    bytes: Bytes,
    kept_bytes: Type.Integer({ description: 'So much stays whatever the cap.' }),
    resumable_days: Type.Number(),
    sources: Type.Array(
      Type.Object({
        name: Type.String(),
        bytes: Bytes,
        count: Type.Integer(),
        oldest: orNull(Time),
        kept: Type.Array(
          Type.Object({ reason: Type.Enum([...REASONS]), count: Type.Integer(), bytes: Bytes }),
          {
            description:
              'What stays whatever the cap: of runs that live or wait, or have just ended (recent), what it takes to resume a run, and what somebody else uses.',
          },
        ),
        problem: orNull(Type.String()),
      }),
      { description: 'Who takes what.' },
    ),
    would_remove: Type.Object(
      {
        count: Type.Integer(),
        bytes: Bytes,
        first: Type.Array(
          Type.Object({
            source: Type.String(),
            what: Type.String(),
            run_id: orNull(Type.String()),
            bytes: Bytes,
            at: Time,
          }),
          { description: 'The first of them, in their order.' },
        ),
      },
      { description: 'What would be removed now, the oldest run first.' },
    ),
  },
  { description: 'What runs have left on the disk.' },
)
/** The answer of `GET /disk`. */
export type DiskAnswer = Static<typeof DiskAnswer>
