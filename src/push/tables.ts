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
  ],
}
