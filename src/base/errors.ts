import { ERRORS, type ErrorKind } from './error-kinds.ts'

/** The name of a failure of the service itself. */
export type ErrorCode = keyof typeof ERRORS

/** A failure with a stable code. Its message is the sentence that callers see as `error`. */
export class LooperError extends Error {
  readonly code: string
  readonly status: number
  /** What to do about it, in a sentence. */
  readonly remedy: string
  /** The request that failed so, where it is not the one that is answered. */
  readonly requestId: string | undefined
  /** When to ask again, in whole seconds from now; undefined where nobody knows. */
  readonly retryAfterSeconds: number | undefined

  /** @param kind which failure; @param message what went wrong, as callers read it; @param options the `cause`, if any */
  constructor(
    kind: ErrorCode | ErrorKind,
    message: string,
    options?: ErrorOptions & { readonly requestId?: string; readonly retryAfterSeconds?: number },
  ) {
    super(message, options)
    this.name = 'LooperError'
    const { code, status, remedy } = kindOf(kind)
    this.code = code
    this.status = status
    this.remedy = remedy
    this.requestId = options?.requestId
    this.retryAfterSeconds = options?.retryAfterSeconds
  }
}

/** All that is known of a failure, by its name or as its plug-in has it. */
export const kindOf = (kind: ErrorCode | ErrorKind): ErrorKind =>
  typeof kind === 'string' ? { code: kind, ...ERRORS[kind] } : kind

/** The sentence of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
