import { LooperError } from '../errors.ts'
import { type Static, Type } from '../schema.ts'

const text = (description: string) => Type.Optional(Type.String({ description }))

/** The query of `GET /runs/:run_id/log`, as it comes. */
export const LogQuery = Type.Object({
  tail: text('Only so many of the last lines; with follow, begin with them.'),
  follow: text('1: go on with what is written, as Server-Sent Events, until the run has ended.'),
  offset: text('With follow: the byte to begin with.'),
})
/** The query of `GET /runs/:run_id/log`, as it comes. */
export type LogQuery = Static<typeof LogQuery>

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
  if (follow !== '0' && follow !== '1')
    throw new LooperError('LOOPER_FIELD_INVALID', "'follow' must be 0 or 1")
  return {
    isFollowed: follow === '1',
    tailLines: numberOf('tail', tail),
    offset: numberOf('offset', offset),
  }
}

/** A whole number by the name of its field. @throws {LooperError} `LOOPER_FIELD_INVALID` */
export function numberOf(field: string, given: string | undefined): number | null {
  if (given === undefined) return null
  if (/^\d{1,15}$/.test(given)) return Number(given)
  throw new LooperError('LOOPER_FIELD_INVALID', `'${field}' must be a whole number`)
}
