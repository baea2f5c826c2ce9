import { LooperError } from '../base/errors.ts'
import { impossibleDay } from '../base/iso-time.ts'
import { type Static, Type } from '../base/schema.ts'
import type { LinesWanted } from './lines.ts'
import { type LogSearch, meansCase } from './search.ts'
import type { TimesWanted } from './times.ts'

/** A longer one would cost more than any search is worth. */
const LONGEST_SEARCH = 500

const text = (description: string) => Type.Optional(Type.String({ description }))

/** The query of `GET /runs/:run_id/log`, as it comes. */
export const LogQuery = Type.Object({
  tail: text('Only so many of the last lines; with follow, begin with them.'),
  follow: text('1: go on with what is written, as Server-Sent Events, until the run has ended.'),
  offset: text('With follow: the byte to begin with.'),
})
/** The query of `GET /runs/:run_id/log`, as it comes. */
export type LogQuery = Static<typeof LogQuery>

/** The query of `GET /runs/:run_id/verify-log`, as it comes. */
export const VerifyLogQuery = Type.Object({ tail: text('Only so many of the last lines.') })

/** The query of `GET /runs/:run_id/log/search`, as it comes. */
export const SearchQuery = Type.Object({
  q: text('The text to look for, as it is: 1 to 500 characters.'),
  limit: text('How many matches are listed at most: 1 to 1000, by default 100.'),
  offset: text('The byte to begin with.'),
  case_sensitive: text('1: case counts; 0: it does not. By default it counts where the text has upper case.'),
})
/** The query of `GET /runs/:run_id/log/lines`, as it comes. */
export const LinesQuery = Type.Object({
  from: text('The number of the first line; by default 1.'),
  count: text('How many lines at most: 0 to 2000, by default 200.'),
  offset: text('Instead of from: a byte; the first line is the one that holds it.'),
})

/** The query of `GET /runs/:run_id/log/times`, as it comes. */
export const TimesQuery = Type.Object({
  from: LinesQuery.properties.from,
  count: LinesQuery.properties.count,
  since: text('A time in ISO 8601: begin with the line that was being written then.'),
})

/** The query of `GET /runs/:run_id/transcript`, as it comes. */
export const TranscriptQuery = Type.Object({
  after: text('Only entries behind the one of this number; by default 0.'),
  limit: text('How many entries at most: 1 to 2000, by default 500.'),
  follow: text('1: go on with what is said, as Server-Sent Events, until the run has ended.'),
})

/** What of a transcript is asked for. @throws {LooperError} `LOOPER_FIELD_INVALID`, naming the field */
export function readTranscriptQuery({
  after = '0',
  limit = '500',
  follow = '0',
}: Static<typeof TranscriptQuery>): { isFollowed: boolean; after: number; limit: number } {
  return {
    isFollowed: flagOf('follow', follow),
    after: within('after', after, 0, Number.MAX_SAFE_INTEGER),
    limit: within('limit', limit, 1, 2000),
  }
}

/** What of a log is asked for. */
export interface LogRequest {
  readonly isFollowed: boolean
  /** Null: not asked for. */
  readonly tailLines: number | null
  /** The byte to begin with. Null: not asked for. */
  readonly offset: number | null
}

/**
 * What the query asks for.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`, naming the field
 */
export function readLogQuery({ tail, follow = '0', offset }: LogQuery): LogRequest {
  return {
    isFollowed: flagOf('follow', follow),
    tailLines: numberOf('tail', tail),
    offset: numberOf('offset', offset),
  }
}

/** What of a check's log is asked for. @throws {LooperError} `LOOPER_FIELD_INVALID`, naming the field */
export function readVerifyLogQuery({ tail }: Static<typeof VerifyLogQuery>): Pick<LogRequest, 'tailLines'> {
  return { tailLines: numberOf('tail', tail) }
}

/** What is to be searched for. @throws {LooperError} `LOOPER_FIELD_INVALID`, naming the field */
export function readSearchQuery(query: Static<typeof SearchQuery>): LogSearch {
  const { q = '', limit, offset, case_sensitive } = query
  if (q === '' || q.length > LONGEST_SEARCH || q.includes('\n'))
    throw invalid(`'q' must be a text of 1 to ${LONGEST_SEARCH} characters, in one line`)
  return {
    text: q,
    isExact: case_sensitive === undefined ? meansCase(q) : flagOf('case_sensitive', case_sensitive),
    offset: numberOf('offset', offset) ?? 0,
    limit: within('limit', limit ?? '100', 1, 1000),
  }
}

/** Of which lines the times are wanted. @throws {LooperError} `LOOPER_FIELD_INVALID`, naming the field */
export function readTimesQuery({ from = '1', count = '200', since }: Static<typeof TimesQuery>): TimesWanted {
  return {
    from: within('from', from, 1, Number.MAX_SAFE_INTEGER),
    count: within('count', count, 0, 2000),
    since: since === undefined ? null : timeOf('since', since),
  }
}

/** Which lines are wanted. @throws {LooperError} `LOOPER_FIELD_INVALID`, naming the field */
export function readLinesQuery({ from, count, offset }: Static<typeof LinesQuery>): LinesWanted {
  const wanted = within('count', count ?? '200', 0, 2000)
  const byte = numberOf('offset', offset)
  if (byte === null) return { count: wanted, from: within('from', from ?? '1', 1, Number.MAX_SAFE_INTEGER) }
  if (from !== undefined) throw invalid("'from' and 'offset' cannot both be given")
  return { count: wanted, byte }
}

function within(field: string, given: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(given) ? Number(given) : -1
  if (value >= least && value <= most) return value
  const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`
  throw invalid(`'${field}' must be a whole number${range}`)
}

function timeOf(field: string, given: string): number {
  const time = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : Number.NaN
  if (Number.isNaN(time)) throw invalid(`'${field}' must be a time like 2026-01-02T03:04:05Z`)
  const day = impossibleDay(given)
  if (day !== null) throw invalid(`'${field}': there is no ${day}`)
  return time
}

function flagOf(field: string, given: string): boolean {
  if (given === '0' || given === '1') return given === '1'
  throw invalid(`'${field}' must be 0 or 1`)
}

/** A whole number by the name of its field. @throws {LooperError} `LOOPER_FIELD_INVALID` */
export function numberOf(field: string, given: string | undefined): number | null {
  if (given === undefined) return null
  if (/^\d{1,15}$/.test(given)) return Number(given)
  throw invalid(`'${field}' must be a whole number`)
}

const invalid = (sentence: string) => new LooperError('LOOPER_FIELD_INVALID', sentence)
