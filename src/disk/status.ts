import { orNull, type Static, Type } from '../base/schema.ts'
import type { LastPass } from './governor.ts'

const Mb = orNull(Type.Integer({ minimum: 0 }))

/** The cap, as `GET /status` tells it; null where there is none, or what runs left was not measured yet. */
export const CapState = Type.Object({
  cap_mb: Mb,
  used_mb: Mb,
  kept_mb: Mb,
  ok: orNull(Type.Boolean()),
  checked_at: orNull(Type.String({ format: 'date-time' })),
})
/** The cap, as `GET /status` tells it. */
export type CapState = Static<typeof CapState>

const MIB = 1_048_576

/** How the last pass left it. @param capBytes 0: there is no cap */
export function capState(capBytes: number, last: LastPass | null): CapState {
  const cap = capBytes === 0 ? null : Math.round(capBytes / MIB)
  if (last === null) return { cap_mb: cap, used_mb: null, kept_mb: null, ok: null, checked_at: null }
  return {
    cap_mb: cap,
    used_mb: Math.ceil(last.bytes / MIB),
    kept_mb: Math.ceil(last.keptBytes / MIB),
    ok: last.isWithinCap,
    checked_at: new Date(last.at).toISOString(),
  }
}
