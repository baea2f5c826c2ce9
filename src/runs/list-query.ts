import { LooperError } from '../base/errors.ts'
import { impossibleDay } from '../base/iso-time.ts'
import { type Static, Type } from '../base/schema.ts'
import type { RunQuery } from '../record/query.ts'
import { OUTCOMES } from './outcome.ts'
import { TRIGGERS } from './run.ts'

const text = (description: string) => Type.Optional(Type.String({ description }))

/** The query of `GET /runs`, as it comes. */
export const ListQuery = Type.Object({
  limit: text('How many runs at most: 1 to 500, by default 50.'),
  cursor: text('`next_cursor` of the page before.'),
  outcome: text(
    `One or more of ${OUTCOMES.join(', ')}, separated by commas; live: not ended yet; failed: all failures.`,
  ),
  trigger: text(`What asked for the run: ${TRIGGERS.join(', ')}.`),
  slot: text('The slot.'),
  workspace: text('The workspace, as runs show it.'),
  since: text('Only runs requested at or after a date, or a time with its zone.'),
})
/** The query of `GET /runs`, as it comes. */
export type ListQuery = Static<typeof ListQuery>

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 500
const LIVE = 'live'
const FAILED = 'failed'
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/

/**
 * What the query of `GET /runs` asks for.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`, naming the field
 */
export function readListQuery(query: ListQuery): RunQuery {
  return {
    limit: query.limit === undefined ? DEFAULT_LIMIT : limitOf(query.limit),
    before: query.cursor === undefined ? undefined : seqOf(query.cursor),
    outcomes: query.outcome?.split(',').map(outcomeOf),
    trigger: query.trigger === undefined ? undefined : triggerOf(query.trigger),
    slot: query.slot,
    workspace: query.workspace,
    since: query.since === undefined ? undefined : timeOf(query.since),
  }
}

/** The place behind a run in the list, as callers see it. */
export function cursorAt(seq: number): string {
  return Buffer.from(`seq ${seq}`).toString('base64url')
}

function seqOf(cursor: string): number {
  const seq = /^seq (\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]
  if (seq === undefined) throw invalid("'cursor' must be what 'next_cursor' gave")
  return Number(seq)
}

/** How many are asked for. @throws {LooperError} `LOOPER_FIELD_INVALID` */
export function limitOf(given: string): number {
  const limit = /^\d+$/.test(given) ? Number(given) : 0
  if (limit >= 1 && limit <= MAX_LIMIT) return limit
  throw invalid(`'limit' must be a whole number from 1 to ${MAX_LIMIT}`)
}

function outcomeOf(given: string) {
  if (given === LIVE) return null
  if (given === FAILED) return FAILED
  const outcome = OUTCOMES.find((name) => name === given)
  if (outcome === undefined)
    throw invalid(`'outcome' must be one or more of ${LIVE}, ${FAILED}, ${OUTCOMES.join(', ')}`)
  return outcome
}

function triggerOf(given: string) {
  const trigger = TRIGGERS.find((name) => name === given)
  if (trigger === undefined) throw invalid(`'trigger' must be one of ${TRIGGERS.join(', ')}`)
  return trigger
}

function timeOf(given: string): number {
  const time = TIME.test(given) ? Date.parse(given) : Number.NaN
  if (Number.isNaN(time)) throw invalid("'since' must be a date, or a time with its zone, in ISO 8601")
  const day = impossibleDay(given)
  if (day !== null) throw invalid(`'since': there is no ${day}`)
  return time
}

const invalid = (sentence: string) => new LooperError('LOOPER_FIELD_INVALID', sentence)
