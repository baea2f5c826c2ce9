import type { Autopoll } from './autopoll.ts'
import type { AutopollState } from './schemas.ts'

/** How the autopoll is now; null: it is off. */
export async function stateOf(autopoll: Pick<Autopoll, 'status'> | null): Promise<AutopollState> {
  const now = (await autopoll?.status()) ?? null
  return {
    enabled: now !== null,
    next_at: now && new Date(now.nextAt).toISOString(),
    would_skip: now?.wouldSkip?.reason ?? now?.failure ?? null,
    paused: now?.paused ?? false,
  }
}
