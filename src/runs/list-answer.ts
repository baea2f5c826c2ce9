import type { Ledger } from '../record/ledger.ts'
import { cursorAt, type ListQuery, readListQuery } from './list-query.ts'
import type { RunList } from './run-schemas.ts'
import { summaryOf } from './views.ts'

/** A page of the runs that a query asks for, newest first. @throws {LooperError} `LOOPER_FIELD_INVALID` */
export function listAnswer(ledger: Pick<Ledger, 'list'>, query: ListQuery): RunList {
  const asked = readListQuery(query)
  // One more than asked for tells whether there is a next page.
  const found = ledger.list({ ...asked, limit: asked.limit + 1 })
  const page = found.slice(0, asked.limit)
  const last = found.length > page.length ? page.at(-1) : undefined
  return { runs: page.map(summaryOf), next_cursor: last ? cursorAt(last.seq) : null }
}
