import { type Static, Type } from '../base/schema.ts'

/** The answer of `GET /claims`. */
export const ClaimList = Type.Object(
  {
    claims: Type.Array(
      Type.Object({
        name: Type.String(),
        run_id: Type.String(),
        run_name: Type.String(),
        slot: Type.String(),
        fence: Type.Integer({ description: 'Grows with each change of holder.' }),
        since: Type.String({ format: 'date-time' }),
      }),
    ),
  },
  { description: 'What is held now, by name.' },
)
/** The answer of `GET /claims`. */
export type ClaimList = Static<typeof ClaimList>
