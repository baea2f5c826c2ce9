import type { DatabaseSync } from 'node:sqlite'
import { numberOrNull, textOrNull } from './cells.ts'
import type { LedgerQueue } from './queue.ts'
import { withWriteErrors } from './write.ts'

/** What became of a message: it waits, the other side has it, it was given up, or a newer edit of the same one takes its place. */
export const OUTBOX_STATES = ['pending', 'sent', 'given_up', 'superseded'] as const
/** What became of a message. */
export type OutboxState = (typeof OUTBOX_STATES)[number]

/** A message that is to be told. */
export interface OutboxMessage {
  /** One message a key: what is told again under the same one is no news. */
  readonly key: string
  /** Null: it is of no run. */
  readonly runId: string | null
  /** Where it goes; those of one conversation keep their order. */
  readonly conversation: string
  /** The message whose text it takes the place of; null: it is one of its own. */
  readonly edits: number | null
  readonly content: string
  /** What is sent as a message of its own where that one may not be edited (any more). */
  readonly instead: string | null
  /** Goes ahead of what may wait. */
  readonly isUrgent: boolean
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
}

/** A message that somebody sends, and waits for what comes of it. */
export type DirectMessage = Pick<OutboxMessage, 'key' | 'conversation' | 'content' | 'createdAt'> & {
  readonly runId: string
}

/** A message on the record. */
export interface OutboxRow extends OutboxMessage {
  /** Grows with each message. */
  readonly id: number
  readonly state: OutboxState
  /** How often it was tried. */
  readonly attempts: number
  /** When an attempt began of which nobody knows yet what came; null: none is open. */
  readonly attemptedAt: number | null
  /** Not to be tried before. */
  readonly nextAt: number
  readonly doneAt: number | null
  /** The other side's number of it. */
  readonly sentId: number | null
  /** Why it is not sent (yet). */
  readonly why: string | null
}

/** What waits and what was given up. */
export interface OutboxCounts {
  readonly pending: number
  readonly givenUp: number
  /** When the one that waits longest was made. */
  readonly oldestAt: number | null
}

/** What became of a message in the end. */
export type OutboxEnd =
  | { readonly state: 'sent'; readonly at: number; readonly sentId: number | null }
  | { readonly state: 'given_up'; readonly at: number; readonly why: string }

/** What came of an attempt. */
export type OutboxResult =
  | OutboxEnd
  /** It waits; `isOpen`: the other side may have taken it all the same. */
  | { readonly state: 'pending'; readonly nextAt: number; readonly why: string; readonly isOpen: boolean }

/** What is to be told to somebody, until the other side has taken it. */
export interface Outbox {
  /**
   * Puts a message on the record, as soon as that is possible; edits of the same one that wait are superseded.
   * @param written called when it is there
   */
  addToOutbox(message: OutboxMessage, written: () => void): void
  /** The conversations in which something waits. */
  openConversations(): string[]
  /** The next one of a conversation: what is urgent, then what was begun, then the oldest; null where nothing waits. */
  nextInOutbox(conversation: string): OutboxRow | null
  /** When calls of a conversation began since then. */
  callsSince(conversation: string, since: number): number[]
  /** Notes that a call for it begins, before it does. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  attempt(id: number, at: number): void
  /** Notes what came of it, as soon as that is possible; of one that was superseded meanwhile only that it was sent. */
  settleOutbox(id: number, result: OutboxResult): void
  /** From now on it is a message of its own, with the text that stands instead. @throws {LooperError} as {@link attempt} */
  sendInstead(id: number): void
  /** Notes, as soon as that is possible, that somebody begins to send this one: nobody else sends it, now or later. */
  beginDirect(message: DirectMessage): void
  /** Notes what came of that, as soon as that is possible. */
  settleDirect(key: string, result: OutboxEnd): void
  /** Nobody who began to send one is there any more to say what came of it. */
  abandonDirect(at: number): void
  /** The message of a key; null: there is none (any more). */
  inOutbox(key: string): OutboxRow | null
  /** Whether the other side's message is one that was sent for a row. */
  isSentId(sentId: number): boolean
  /** Newest first. */
  outboxRows(state: OutboxState | null, limit: number): OutboxRow[]
  outboxCounts(): OutboxCounts
  /** The runs that ended since then, whose notice could be edited, and whose end is not in the outbox. */
  untoldEnds(since: number): string[]
}

/** The messages of the outbox, and when each of them was tried. */
export const OUTBOX_MIGRATION = `CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    edits INTEGER,
    content TEXT NOT NULL,
    instead TEXT,
    is_urgent INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    attempted_at INTEGER,
    next_at INTEGER NOT NULL DEFAULT 0,
    done_at INTEGER,
    sent_id INTEGER,
    why TEXT
  ) STRICT;
  CREATE INDEX outbox_pending ON outbox (conversation, id) WHERE state = 'pending';
  CREATE INDEX outbox_by_state ON outbox (state);
  CREATE INDEX outbox_by_sent_id ON outbox (sent_id) WHERE sent_id IS NOT NULL;
  CREATE TABLE outbox_calls (conversation TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE INDEX outbox_calls_by_time ON outbox_calls (conversation, at);`

/** Which of them somebody sends by himself. */
export const DIRECT_MIGRATION = 'ALTER TABLE outbox ADD COLUMN is_direct INTEGER NOT NULL DEFAULT 0;'

const IS_WAITING = "state = 'pending' AND is_direct = 0"

const BEGIN_DIRECT = `INSERT INTO outbox (key, run_id, conversation, content, is_urgent, created_at, attempts, attempted_at, next_at, is_direct)
  VALUES (:key, :run_id, :conversation, :content, 1, :now, 1, :now, :now, 1) ON CONFLICT DO NOTHING`
const SETTLE_DIRECT = `UPDATE outbox SET state = :state, done_at = :done_at, sent_id = :sent_id, why = :why, attempted_at = NULL
  WHERE key = :key`
const ABANDON_DIRECT = `UPDATE outbox SET state = 'given_up', done_at = :now, attempted_at = NULL,
  why = 'Looper ended before it knew whether this arrived' WHERE state = 'pending' AND is_direct = 1`

const SUPERSEDE = `UPDATE outbox SET state = 'superseded', done_at = :now, why = 'a newer text of the same message takes its place'
  WHERE state = 'pending' AND edits = :edits AND id < (SELECT id FROM outbox WHERE key = :key)`

/** So many messages that are done are kept. */
const KEPT = 1000
const FORGET = `DELETE FROM outbox WHERE state <> 'pending' AND id <= (SELECT max(id) FROM outbox) - ${KEPT}`
const CALL_MEMORY_MS = 3_600_000
const FORGET_CALLS = `DELETE FROM outbox_calls WHERE at < :now - ${CALL_MEMORY_MS} OR at > :now + ${CALL_MEMORY_MS}`

/** The outbox in whichever database is open now. */
export function outboxIn(db: () => DatabaseSync, queue: LedgerQueue): Outbox {
  const all = (sql: string, ...values: (string | number)[]) =>
    db()
      .prepare(sql)
      .all(...values)

  return {
    addToOutbox({ key, runId, conversation, edits, content, instead, isUrgent, createdAt }, written) {
      const sql = `INSERT INTO outbox (key, run_id, conversation, edits, content, instead, is_urgent, created_at)
        VALUES (:key, :run_id, :conversation, :edits, :content, :instead, :is_urgent, :created_at)
        ON CONFLICT DO NOTHING`
      const values = { key, run_id: runId ?? '', conversation, edits, content, instead }
      const now = Math.round(createdAt)
      const subject = `outbox ${key}`
      queue.write(subject, sql, { ...values, is_urgent: Number(isUrgent), created_at: now })
      queue.write(subject, SUPERSEDE, { key, edits, now }, written)
    },
    openConversations: () =>
      all(`SELECT DISTINCT conversation FROM outbox WHERE ${IS_WAITING}`).map((row) =>
        String(row.conversation),
      ),
    nextInOutbox(conversation) {
      const [row] = all(
        `SELECT * FROM outbox WHERE ${IS_WAITING} AND conversation = ?
        ORDER BY is_urgent DESC, attempted_at IS NULL, id LIMIT 1`,
        conversation,
      )
      return row ? toRow(row) : null
    },
    callsSince: (conversation, since) =>
      all(
        'SELECT at FROM outbox_calls WHERE conversation = ? AND at >= ? ORDER BY at',
        conversation,
        since,
      ).map(({ at }) => Number(at)),
    attempt(id, at) {
      withWriteErrors(() => {
        const now = Math.round(at)
        db()
          .prepare(
            'UPDATE outbox SET attempts = attempts + 1, attempted_at = coalesce(attempted_at, ?) WHERE id = ?',
          )
          .run(now, id)
        db().prepare('INSERT INTO outbox_calls SELECT conversation, ? FROM outbox WHERE id = ?').run(now, id)
        db().prepare(FORGET_CALLS).run({ now })
      })
    },
    settleOutbox(id, result) {
      const subject = `outbox ${id}`
      if (result.state === 'pending') {
        const sql = `UPDATE outbox SET next_at = :next_at, why = :why,
          attempted_at = iif(:is_open, attempted_at, NULL) WHERE id = :id AND state = 'pending'`
        const { nextAt, why, isOpen } = result
        queue.write(subject, sql, { id, next_at: Math.round(nextAt), why, is_open: Number(isOpen) })
        return
      }
      const sql = `UPDATE outbox SET state = :state, done_at = :done_at, sent_id = :sent_id, why = :why,
        attempted_at = NULL WHERE id = :id AND (state = 'pending' OR :state = 'sent')`
      queue.write(subject, sql, { id, ...valuesOf(result) })
      queue.write('outbox', FORGET, {})
    },
    sendInstead(id) {
      withWriteErrors(() => {
        const sql = `UPDATE outbox SET edits = NULL, content = coalesce(instead, content), attempted_at = NULL WHERE id = ?`
        db().prepare(sql).run(id)
      })
    },
    beginDirect({ key, runId, conversation, content, createdAt }) {
      const now = Math.round(createdAt)
      const values = { key, run_id: runId, conversation, content, now }
      queue.write(`outbox ${key}`, BEGIN_DIRECT, values)
      queue.write('outbox', 'INSERT INTO outbox_calls VALUES (:conversation, :now)', { conversation, now })
      queue.write('outbox', FORGET_CALLS, { now })
    },
    settleDirect(key, result) {
      queue.write(`outbox ${key}`, SETTLE_DIRECT, { key, ...valuesOf(result) })
      queue.write('outbox', FORGET, {})
    },
    abandonDirect(at) {
      queue.write('outbox', ABANDON_DIRECT, { now: Math.round(at) })
    },
    inOutbox: (key) => all('SELECT * FROM outbox WHERE key = ?', key).map(toRow)[0] ?? null,
    isSentId: (sentId) => all('SELECT 1 FROM outbox WHERE sent_id = ? LIMIT 1', sentId).length > 0,
    outboxRows: (state, limit) =>
      (state === null
        ? all('SELECT * FROM outbox ORDER BY id DESC LIMIT ?', limit)
        : all('SELECT * FROM outbox WHERE state = ? ORDER BY id DESC LIMIT ?', state, limit)
      ).map(toRow),
    outboxCounts() {
      const [row] = all(`SELECT count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'given_up') AS given_up,
        min(created_at) FILTER (WHERE state = 'pending') AS oldest_at FROM outbox WHERE state <> 'sent'`)
      return {
        pending: Number(row?.pending),
        givenUp: Number(row?.given_up),
        oldestAt: numberOrNull(row?.oldest_at),
      }
    },
    untoldEnds: (since) =>
      all(
        // What was told before the oldest one that is kept is not known any more.
        `SELECT run_id FROM runs WHERE notice_id IS NOT NULL AND outcome IS NOT NULL
        AND ended_at >= max(?, coalesce((SELECT created_at FROM outbox ORDER BY id DESC LIMIT 1 OFFSET ${KEPT - 1}), 0))
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE key = 'end ' || runs.run_id) ORDER BY seq`,
        Math.round(since),
      ).map((row) => String(row.run_id)),
  }
}

/** What came of it, as columns. */
const valuesOf = (result: OutboxEnd) => ({
  state: result.state,
  done_at: Math.round(result.at),
  sent_id: result.state === 'sent' ? result.sentId : null,
  why: result.state === 'sent' ? null : result.why,
})

function toRow(row: Record<string, unknown>): OutboxRow {
  return {
    id: Number(row.id),
    key: String(row.key),
    runId: row.run_id === '' ? null : String(row.run_id),
    conversation: String(row.conversation),
    edits: numberOrNull(row.edits),
    content: String(row.content),
    instead: textOrNull(row.instead),
    isUrgent: row.is_urgent === 1,
    createdAt: Number(row.created_at),
    state: OUTBOX_STATES.find((state) => state === row.state) ?? 'pending',
    attempts: Number(row.attempts),
    attemptedAt: numberOrNull(row.attempted_at),
    nextAt: Number(row.next_at),
    doneAt: numberOrNull(row.done_at),
    sentId: numberOrNull(row.sent_id),
    why: textOrNull(row.why),
  }
}
