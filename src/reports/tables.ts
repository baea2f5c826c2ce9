import type { TablePlan } from '../record/own-tables.ts'

/**
 * What runs left. The text of a report stands with the long texts of its run, where it counts for what the run takes; the
 * rest goes with the run by a trigger.
 */
export const REPORT_TABLES: TablePlan = {
  owner: 'reports',
  migrations: [
    `CREATE TABLE reports (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id TEXT NOT NULL,
      title TEXT NOT NULL,
      version INTEGER NOT NULL,
      characters INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      UNIQUE (run_id, title)
    ) STRICT;
    CREATE TABLE flags (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id TEXT NOT NULL,
      note TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      cleared_at INTEGER,
      cleared_by TEXT
    ) STRICT;
    CREATE INDEX flags_by_run ON flags (run_id);
    CREATE INDEX flags_open ON flags (id) WHERE cleared_at IS NULL;
    CREATE TRIGGER runs_take_reports AFTER DELETE ON runs BEGIN
      DELETE FROM reports WHERE run_id = OLD.run_id;
      DELETE FROM flags WHERE run_id = OLD.run_id;
    END;`,
    // Whether people were told of it.
    `ALTER TABLE flags ADD COLUMN is_told INTEGER NOT NULL DEFAULT 0;
    UPDATE flags SET is_told = 1;
    CREATE INDEX flags_untold ON flags (id) WHERE is_told = 0;`,
  ],
}
