import { orNull, type Static, Type } from '../../base/schema.ts'

/** What `GET /status` tells of the autopoll. */
export const AutopollState = Type.Object({
  enabled: Type.Boolean(),
  next_at: orNull(Type.String({ format: 'date-time' })),
  /** Why it would launch nothing if it looked now, or could not launch when it last looked. */
  would_skip: orNull(Type.String()),
  paused: Type.Boolean(),
})
/** What `GET /status` tells of the autopoll. */
export type AutopollState = Static<typeof AutopollState>
