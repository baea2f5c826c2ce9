import { timeOf } from '../base/iso-time.ts'
import { orNull, type Static, Type } from '../base/schema.ts'
import type { HearingState } from '../notices/hearing.ts'

/** Whether people are heard, as `GET /status` tells it. */
export const HearingAnswer = Type.Object(
  {
    connected_since: orNull(Type.String({ format: 'date-time', description: 'null: nothing is heard now.' })),
    last_error: orNull(Type.String({ description: 'Why nothing was heard the last time that it was so.' })),
  },
  { description: 'Whether Looper hears what people say where notices go; left out: it does not listen.' },
)
/** Whether people are heard, as `GET /status` tells it. */
export type HearingAnswer = Static<typeof HearingAnswer>

/** The same in the API's words. */
export const hearingAnswer = ({ connectedSince, lastError }: HearingState): HearingAnswer => ({
  connected_since: timeOf(connectedSince),
  last_error: lastError,
})
