import type { TablePlan } from '../record/own-tables.ts'

/** The key that devices subscribed with, the devices, and what each of them is told. They go together, or not at all. */
export const PUSH_TABLES: TablePlan = {
  owner: 'push',
  migrations: [
    `CREATE TABLE push_key (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      private_key TEXT NOT NULL,
      public_key TEXT NOT NULL
    ) STRICT;
    CREATE TABLE push_devices (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      endpoint TEXT NOT NULL UNIQUE,
      p256dh TEXT NOT NULL,
      auth TEXT NOT NULL,
      wants TEXT NOT NULL,
      name TEXT NOT NULL,
      owner TEXT,
      created_at INTEGER NOT NULL
    ) STRICT;`,
    `CREATE TABLE push_messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      device_id INTEGER NOT NULL,
      key TEXT NOT NULL,
      want TEXT NOT NULL,
      tag TEXT NOT NULL,
      payload TEXT NOT NULL,
      is_urgent INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      state TEXT NOT NULL DEFAULT 'pending',
      attempts INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL DEFAULT 0,
      done_at INTEGER,
      why TEXT,
      UNIQUE (device_id, key)
    ) STRICT;
    CREATE INDEX push_messages_by_key ON push_messages (key);
    CREATE INDEX push_messages_pending ON push_messages (device_id, is_urgent, id) WHERE state = 'pending';
    CREATE TRIGGER push_devices_take_messages AFTER DELETE ON push_devices BEGIN
      DELETE FROM push_messages WHERE device_id = OLD.id;
    END;`,
  ],
}
