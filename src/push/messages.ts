import type { DatabaseSync } from 'node:sqlite'
import { textOrNull } from '../record/cells.ts'
import type { Tables } from '../record/own-tables.ts'
import type { Device } from './device.ts'
import type { PushEvent } from './event.ts'

/** A message to a device, on the record until its push service has taken it. */
export interface PushRow {
  readonly id: number
  readonly tag: string
  readonly payload: string
  readonly isUrgent: boolean
  /** Milliseconds since the epoch, as all times here. */
  readonly expiresAt: number
  /** How often it was tried. */
  readonly attempts: number
  /** Not to be tried before. */
  readonly nextAt: number
}

/** What came of an attempt. */
export type Settled =
  | { readonly state: 'sent'; readonly at: number }
  | { readonly state: 'given_up'; readonly at: number; readonly why: string }
  /** It waits. */
  | { readonly state: 'pending'; readonly nextAt: number; readonly why: string }

/** What waits for a device, what was given up of late, and why the last of those that did not arrive did not. */
export interface DeviceCounts {
  readonly pending: number
  readonly givenUp: number
  readonly why: string | null
}

/** What devices are to be told. All of it may throw {LooperError} `LOOPER_LEDGER_UNWRITABLE` where it writes. */
export interface Messages {
  /**
   * Puts in what these devices have not been told of, all of it or nothing; what is known already costs nothing.
   * @param payloadOf what is sent of an event
   */
  add(
    devices: readonly Device[],
    events: readonly PushEvent[],
    payloadOf: (event: PushEvent) => string,
    now: number,
  ): void
  /** The devices for which something waits. */
  waiting(): number[]
  /** What is to be sent next: what is urgent, then the oldest; null: nothing. */
  next(deviceId: number): PushRow | null
  /** Notes that it is tried now. */
  attempt(id: number): void
  settle(id: number, result: Settled): void
  counts(): ReadonlyMap<number, DeviceCounts>
}

/** Longer than anything is news; asks may be open for long, and their ends are told. */
const KEPT_MS = 2 * 86_400_000
const ASKS_KEPT_MS = 30 * 86_400_000

const ADD = `INSERT INTO push_messages (device_id, key, want, tag, payload, is_urgent, created_at, expires_at)
  VALUES (:device_id, :key, :want, :tag, :payload, :is_urgent, :created_at, :expires_at) ON CONFLICT DO NOTHING`
const CALL_OFF = `DELETE FROM push_messages
  WHERE device_id = :device_id AND key = :key AND state = 'pending' RETURNING attempts`
const FORGET = `DELETE FROM push_messages WHERE state <> 'pending'
  AND created_at < :now - iif(want = 'asks', ${ASKS_KEPT_MS}, ${KEPT_MS})`

/** Messages in their table. */
export function openMessages(tables: Tables): Messages {
  const keysOf = (keys: readonly string[]) =>
    new Set(
      tables
        .rows('SELECT device_id, key FROM push_messages WHERE key IN (SELECT value FROM json_each(:keys))', {
          keys: JSON.stringify(keys),
        })
        .map(({ device_id, key }) => `${device_id} ${key}`),
    )

  const isTold = (id: number, beginning: string) =>
    tables.rows(
      'SELECT 1 FROM push_messages WHERE device_id = :id AND substr(key, 1, length(:beginning)) = :beginning LIMIT 1',
      { id, beginning },
    ).length > 0

  return {
    add(devices, events, payloadOf, now) {
      const keys = events.flatMap(({ key, after }) => (after === null ? [key] : [key, after]))
      const told = keysOf(keys)
      const news = devices.flatMap((device) =>
        events
          .filter(
            ({ key, want, at, after, unless }) =>
              device.wants.includes(want) &&
              at >= device.createdAt &&
              !told.has(`${device.id} ${key}`) &&
              (after === null || told.has(`${device.id} ${after}`)) &&
              (unless === null || !isTold(device.id, unless)),
          )
          .map((event) => ({ deviceId: device.id, event })),
      )
      if (news.length === 0) return
      tables.change((db) => {
        for (const { deviceId, event } of news) put(db, deviceId, event, payloadOf(event), now)
        db.prepare(FORGET).run({ now: Math.round(now) })
      })
    },
    waiting: () =>
      tables
        .rows("SELECT DISTINCT device_id FROM push_messages WHERE state = 'pending'")
        .map(({ device_id }) => Number(device_id)),
    next(deviceId) {
      const sql = `SELECT * FROM push_messages WHERE device_id = :device_id AND state = 'pending'
        ORDER BY is_urgent DESC, id LIMIT 1`
      return tables.rows(sql, { device_id: deviceId }).map(toRow)[0] ?? null
    },
    attempt(id) {
      tables.change((db) => {
        db.prepare('UPDATE push_messages SET attempts = attempts + 1 WHERE id = ?').run(id)
      })
    },
    settle(id, result) {
      tables.change((db) => {
        if (result.state === 'pending') {
          const sql = 'UPDATE push_messages SET next_at = ?, why = ? WHERE id = ?'
          db.prepare(sql).run(Math.round(result.nextAt), result.why, id)
          return
        }
        const why = result.state === 'sent' ? null : result.why
        const sql = "UPDATE push_messages SET state = ?, done_at = ?, why = ?, payload = '' WHERE id = ?"
        db.prepare(sql).run(result.state, Math.round(result.at), why, id)
      })
    },
    counts() {
      const sql = `SELECT device_id, count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'given_up') AS given_up, max(iif(why IS NULL, NULL, id)), why
        FROM push_messages WHERE why IS NOT NULL OR state = 'pending' GROUP BY device_id`
      return new Map(tables.rows(sql).map((row) => [Number(row.device_id), countsIn(row)]))
    },
  }
}

function put(db: DatabaseSync, deviceId: number, event: PushEvent, payload: string, now: number): void {
  const { key, want, after, shown, isUrgent, expiresAt } = event
  // What was never tried was never seen: nothing is to be told of its end.
  if (after !== null && db.prepare(CALL_OFF).get({ device_id: deviceId, key: after })?.attempts === 0) return
  db.prepare(ADD).run({
    device_id: deviceId,
    key,
    want,
    tag: shown.tag,
    payload,
    is_urgent: Number(isUrgent),
    created_at: Math.round(now),
    expires_at: Math.round(expiresAt),
  })
}

const toRow = (row: Readonly<Record<string, unknown>>): PushRow => ({
  id: Number(row.id),
  tag: String(row.tag),
  payload: String(row.payload),
  isUrgent: row.is_urgent === 1,
  expiresAt: Number(row.expires_at),
  attempts: Number(row.attempts),
  nextAt: Number(row.next_at),
})

const countsIn = (row: Readonly<Record<string, unknown>>): DeviceCounts => ({
  pending: Number(row.pending),
  givenUp: Number(row.given_up),
  why: textOrNull(row.why),
})
