import { ECDH } from 'node:crypto'
import type { Caller } from '../http/tokens.ts'
import { CURVE, type DeviceKeys } from './encrypt.ts'

/** What a device may be told of: what agents ask, ends of runs, and agents whose usage limits are reached. */
export const WANTS = ['asks', 'ends', 'holds'] as const
/** What a device may be told of. */
export type Want = (typeof WANTS)[number]

/** A browser on somebody's device, as it subscribed. */
export interface NewDevice {
  /** Where its push service takes messages for it. Whoever knows it could be in its way, so nobody is shown it. */
  readonly endpoint: string
  readonly keys: DeviceKeys
  readonly wants: readonly Want[]
  /** How its owner calls it. */
  readonly name: string
  /** The name of the token that it subscribed with; null: nobody was asked for one. */
  readonly owner: string | null
}

/** A device on the record. */
export interface Device extends NewDevice {
  readonly id: number
  /** When it subscribed, or changed what it wants, in milliseconds since the epoch; what happened before, it is not told. */
  readonly createdAt: number
}

/** What a browser gives as its keys, both in base64url; null where they are none. */
export function deviceKeys(given: { readonly p256dh?: string; readonly auth?: string }): DeviceKeys | null {
  const p256dh = Buffer.from(given.p256dh ?? '', 'base64url')
  const auth = Buffer.from(given.auth ?? '', 'base64url')
  return auth.length === 16 && isPoint(p256dh) ? { p256dh, auth } : null
}

/** Whether it lies on the curve: by another one, our own key could be found out piece by piece. */
function isPoint(bytes: Buffer): boolean {
  try {
    ECDH.convertKey(bytes, CURVE)
    return bytes.length === 65
  } catch {
    return false
  }
}

/** Whether a caller may see a device, and what is to be done with it: those of its own token, or with scope `admin` all. */
export const isOf = ({ owner }: Device, caller: Caller | null): boolean =>
  caller === null || caller.scope === 'admin' || owner === caller.name
