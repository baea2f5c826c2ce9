import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import { textOrNull } from '../record/cells.ts'
import type { Tables } from '../record/own-tables.ts'
import { type Device, type NewDevice, WANTS } from './device.ts'
import { TOO_MANY_DEVICES } from './errors.ts'
import { base64url, bytesIn } from './key.ts'

/** The devices that are pushed to. */
export interface Devices {
  /** In the order in which they came. */
  all(): Device[]
  find(id: number): Device | null
  /**
   * Adds one, or takes its news where its endpoint is known: it may have changed its keys, its mind or its owner.
   * @throws {LooperError} `LOOPER_PUSH_DEVICES_LIMIT`, `LOOPER_LEDGER_UNWRITABLE`
   */
  put(device: NewDevice): Device
  /** @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  remove(id: number): void
}

const MOST = 50

/** Devices in their table. */
export function openDevices(tables: Tables, clock: Pick<Clock, 'now'>): Devices {
  const all = () => tables.rows('SELECT * FROM push_devices ORDER BY id').map(toDevice)

  return {
    all,
    find: (id) => tables.rows('SELECT * FROM push_devices WHERE id = :id', { id }).map(toDevice)[0] ?? null,
    put: ({ endpoint, keys, wants, name, owner }) =>
      tables.change((db) => {
        const others = db.prepare('SELECT id FROM push_devices WHERE endpoint <> ?').all(endpoint)
        if (others.length >= MOST)
          throw new LooperError(TOO_MANY_DEVICES, `${others.length} devices are pushed to already`)
        const sql = `INSERT INTO push_devices (endpoint, p256dh, auth, wants, name, owner, created_at)
          VALUES (:endpoint, :p256dh, :auth, :wants, :name, :owner, :created_at)
          ON CONFLICT (endpoint) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth,
          wants = excluded.wants, name = excluded.name, owner = excluded.owner, created_at = excluded.created_at RETURNING *`
        const [p256dh, auth] = [base64url(keys.p256dh), base64url(keys.auth)]
        const values = { endpoint, p256dh, auth, wants: JSON.stringify(wants), name, owner }
        return toDevice(Object(db.prepare(sql).get({ ...values, created_at: Math.round(clock.now()) })))
      }),
    remove: (id) =>
      tables.change((db) => {
        db.prepare('DELETE FROM push_devices WHERE id = ?').run(id)
      }),
  }
}

function toDevice(row: Readonly<Record<string, unknown>>): Device {
  const wants: readonly unknown[] = JSON.parse(String(row.wants))
  return {
    id: Number(row.id),
    endpoint: String(row.endpoint),
    keys: { p256dh: bytesIn(row.p256dh), auth: bytesIn(row.auth) },
    wants: WANTS.filter((want) => wants.includes(want)),
    name: String(row.name),
    owner: textOrNull(row.owner),
    createdAt: Number(row.created_at),
  }
}
