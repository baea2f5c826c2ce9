import { type Static, Type } from '../../base/schema.ts'
import type { Autopoll } from './autopoll.ts'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Union([type, Type.Null()])

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

/** How it is now; null: it is off. */
export async function stateOf(autopoll: Pick<Autopoll, 'status'> | null): Promise<AutopollState> {
  const now = (await autopoll?.status()) ?? null
  return {
    enabled: now !== null,
    next_at: now && new Date(now.nextAt).toISOString(),
    would_skip: now?.wouldSkip?.reason ?? now?.failure ?? null,
    paused: now?.paused ?? false,
  }
}
