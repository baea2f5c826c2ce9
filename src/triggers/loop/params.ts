import { Type } from '../../base/schema.ts'
import { LOOP_NAME, LOOP_NAME_WORDS } from './loop.ts'

/** The path of a route that is about one loop. */
export const LoopParams = Type.Object({
  name: Type.String({ pattern: LOOP_NAME, description: LOOP_NAME_WORDS }),
})

/** Which page of a list is wanted, newest first, as a query says it. */
export const Page = {
  limit: Type.Optional(
    Type.String({
      pattern: '^([1-9][0-9]?|100)$',
      description: 'A number from 1 to 100, by default 20.',
    }),
  ),
  before: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,15}$', description: '`next_before` of the page before.' }),
  ),
}
