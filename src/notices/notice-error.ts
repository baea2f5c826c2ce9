import { errnoOf } from '../base/errors.ts'

/** What is known of a notice that was not delivered. */
export interface Failure {
  /** The other side surely has not taken it. */
  readonly isRefused: boolean
  /** It would refuse it each time. */
  readonly isFinal: boolean
  /** How long it wants to be left alone, in milliseconds; null: it does not say. */
  readonly retryAfterMs: number | null
}

/** A notice was not delivered, and more is known than that. */
export class NoticeError extends Error implements Failure {
  readonly isRefused: boolean
  readonly isFinal: boolean
  readonly retryAfterMs: number | null

  constructor(message: string, { isRefused, isFinal, retryAfterMs }: Failure) {
    super(message)
    this.isRefused = isRefused
    this.isFinal = isFinal
    this.retryAfterMs = retryAfterMs
  }
}

/** What a connection fails with that was never made. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

const UNKNOWN: Failure = { isRefused: false, isFinal: false, retryAfterMs: null }

/** What is known of a failure, from it or what caused it. */
export function failureOf(error: unknown): Failure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NoticeError) return cause
    if (UNREACHED.has(errnoOf(cause) ?? '')) return { ...UNKNOWN, isRefused: true }
  }
  return UNKNOWN
}
