import { orNull, type Static, Type } from '../../base/schema.ts'
import { FILE_CHANGES } from './checkpoint-changes.ts'

/** So many files are named. */
export const MOST_NAMED = 500

const Count = Type.Integer({ minimum: 0 })

/** The answer of `POST /loops/:name/restore`. */
export const RestoreAnswer = Type.Object(
  {
    restore: Type.Object({
      checkpoint: Type.String(),
      added: Count,
      changed: Count,
      removed: Count,
      files: Type.Array(
        Type.Object({
          path: Type.String({ description: 'From the top of the work tree.' }),
          change: Type.Enum([...FILE_CHANGES]),
        }),
        { description: `What becomes of each, of ${MOST_NAMED} at most.` },
      ),
      undo: orNull(
        Type.String({ description: 'The checkpoint of what was there before; null: nothing was done.' }),
      ),
    }),
  },
  { description: 'What was restored, or, of a plan, would be.' },
)
/** The answer of `POST /loops/:name/restore`. */
export type RestoreAnswer = Static<typeof RestoreAnswer>
