import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import type { Tables } from '../record/own-tables.ts'
import { TOO_MANY_REPORTS } from './errors.ts'
import { keptText } from './kept-text.ts'

/** Something that a run delivered, but for its text. */
export interface Report {
  readonly id: number
  readonly runId: string
  readonly title: string
  /** 1, and one more each time it was written anew. */
  readonly version: number
  readonly characters: number
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** A report as it was written. */
export interface WholeReport extends Report {
  readonly markdown: string
}

/** What runs delivered, each for as long as its run is on the record. */
export interface Reports {
  /**
   * Keeps a report; the same title of the same run takes the place of what it said before.
   * @throws {LooperError} `LOOPER_REPORTS_LIMIT`, `LOOPER_LEDGER_UNWRITABLE`
   */
  write(runId: string, title: string, markdown: string): Report
  /** Those of a run, in the order in which they were first written. */
  of(runId: string): Report[]
  find(id: number): WholeReport | null
}

const MOST_OF_A_RUN = 20

/** The reports on the record. */
export function openReports(tables: Tables, clock: Pick<Clock, 'now'>): Reports {
  const of = (runId: string) =>
    tables.rows('SELECT * FROM reports WHERE run_id = :run_id ORDER BY id', { run_id: runId }).map(toReport)

  return {
    of,
    write: (runId, title, markdown) =>
      tables.change((db) => {
        const had = of(runId)
        if (had.length >= MOST_OF_A_RUN && !had.some((one) => one.title === title)) {
          const what = `this run has ${MOST_OF_A_RUN} reports already; write into one of them, under its title`
          throw new LooperError(TOO_MANY_REPORTS, what)
        }
        const text = keptText(markdown)
        const row = db
          .prepare(
            `INSERT INTO reports (run_id, title, version, characters, created_at, updated_at)
            VALUES (:run_id, :title, 1, :characters, :now, :now) ON CONFLICT (run_id, title) DO UPDATE SET
            version = version + 1, characters = excluded.characters, updated_at = excluded.updated_at RETURNING *`,
          )
          .get({ run_id: runId, title, characters: text.length, now: Math.round(clock.now()) })
        const report = toReport(Object(row))
        db.prepare('INSERT OR REPLACE INTO texts VALUES (?, ?, ?)').run(runId, textName(report.id), text)
        return report
      }),
    find(id) {
      const sql = `SELECT reports.*, texts.text FROM reports
        JOIN texts ON texts.run_id = reports.run_id AND texts.name = :name WHERE id = :id`
      const [row] = tables.rows(sql, { id, name: textName(id) })
      return row ? { ...toReport(row), markdown: String(row.text) } : null
    },
  }
}

/** How its text is called among those of its run. */
const textName = (id: number) => `report ${id}`

const toReport = (row: Record<string, unknown>): Report => ({
  id: Number(row.id),
  runId: String(row.run_id),
  title: String(row.title),
  version: Number(row.version),
  characters: Number(row.characters),
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
})
