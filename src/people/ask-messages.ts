import { numberOrNull } from '../record/cells.ts'
import type { Tables } from '../record/own-tables.ts'

/** The message by which people are asked. */
export interface AskMessage {
  readonly askId: string
  /** Of the question that it shows. */
  readonly digest: string
  /** The other side's number of it; null: it is not sent yet. */
  readonly messageId: number | null
  /** Whether it shows by which reactions it can be answered. */
  readonly isOffered: boolean
}

/** The messages by which people are asked, on the record. */
export interface AskMessages {
  find(askId: string): AskMessage | null
  /** The one with this number. */
  with(messageId: number): AskMessage | null
  /** Those of which there is more to tell, oldest first. */
  unfinished(): AskMessage[]
  /** @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`, as all that follow */
  add(askId: string, digest: string): void
  sent(askId: string, messageId: number): void
  offered(askId: string): void
  /** All is told that there is to tell. */
  finish(askId: string): void
}

/** They go with their asks. */
export const ASK_MESSAGES_MIGRATION = `CREATE TABLE asks_messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ask_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    message_id INTEGER,
    is_offered INTEGER NOT NULL DEFAULT 0,
    is_finished INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX asks_messages_by_number ON asks_messages (message_id) WHERE message_id IS NOT NULL;
  CREATE INDEX asks_messages_unfinished ON asks_messages (seq) WHERE is_finished = 0;
  CREATE TRIGGER asks_take_messages AFTER DELETE ON asks BEGIN
    DELETE FROM asks_messages WHERE ask_id = OLD.id;
  END;`

/** The messages in their table. */
export function askMessages(tables: Tables): AskMessages {
  const change = (sql: string, ...values: (string | number)[]) =>
    tables.change((db) => {
      db.prepare(sql).run(...values)
    })
  return {
    find: (askId) =>
      tables
        .rows('SELECT * FROM asks_messages WHERE ask_id = :ask_id', { ask_id: askId })
        .map(toMessage)[0] ?? null,
    with: (messageId) =>
      tables
        .rows('SELECT * FROM asks_messages WHERE message_id = :message_id', { message_id: messageId })
        .map(toMessage)[0] ?? null,
    unfinished: () =>
      tables.rows('SELECT * FROM asks_messages WHERE is_finished = 0 ORDER BY seq').map(toMessage),
    add: (askId, digest) =>
      change('INSERT OR IGNORE INTO asks_messages (ask_id, digest) VALUES (?, ?)', askId, digest),
    sent: (askId, messageId) =>
      change('UPDATE asks_messages SET message_id = ? WHERE ask_id = ?', messageId, askId),
    offered: (askId) => change('UPDATE asks_messages SET is_offered = 1 WHERE ask_id = ?', askId),
    finish: (askId) => change('UPDATE asks_messages SET is_finished = 1 WHERE ask_id = ?', askId),
  }
}

const toMessage = (row: Readonly<Record<string, unknown>>): AskMessage => ({
  askId: String(row.ask_id),
  digest: String(row.digest),
  messageId: numberOrNull(row.message_id),
  isOffered: row.is_offered === 1,
})
