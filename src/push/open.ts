import type { Parts } from '../parts.ts'
import { openDevices } from './devices.ts'
import { vapidKeyIn } from './key.ts'
import { type PushRoutesOptions, pushRoutes } from './routes.ts'
import { type PushDeps, sendPush } from './send.ts'
import { PUSH_TABLES } from './tables.ts'

const TEST = {
  payload: JSON.stringify({ tag: 'test', title: 'Looper', body: 'This device is told.', url: '' }),
  ttlSeconds: 60,
  urgency: 'high',
  topic: 'test',
} as const

/** Web push, where it is switched on. */
export interface OpenPush {
  readonly pushRoutes: typeof pushRoutes
  readonly routes: PushRoutesOptions
}

/** Opens what pushes. @param contact whom push services may write to; @param services origins that are allowed besides those of browsers */
export function openPush(
  { contact, services }: { readonly contact: string; readonly services: readonly string[] },
  { ledger, env, clock }: Pick<Parts, 'ledger' | 'env' | 'clock'>,
): OpenPush {
  const tables = ledger.tablesOf(PUSH_TABLES)
  const devices = openDevices(tables, clock)
  const key = () => vapidKeyIn(tables)
  const deps: PushDeps = { key, contact, env, clock }
  const closing = new AbortController()
  return {
    pushRoutes,
    routes: { devices, key, services, test: (device) => sendPush(device, TEST, deps, closing.signal) },
  }
}
