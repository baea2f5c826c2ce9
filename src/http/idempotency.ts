import { createHash } from 'node:crypto'
import { LooperError } from '../errors.ts'
import type { Keys } from '../runs/ledger-keys.ts'

/** An answer that is given again for the same key. */
export interface KeptAnswer<T> {
  readonly status: number
  readonly body: T
}

/** A request that is done once. */
export interface Keyed<T> {
  /** Null: it is done each time. */
  readonly key: string | null
  /** Null: the same key means the same request. */
  readonly body: Buffer | null
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The answer where the service died with the first request, which had begun a run. */
  readonly interrupted: (runId: string) => KeptAnswer<T>
}

const DAY_MS = 86_400_000

/**
 * Does the work once for a key within 24 h, also across restarts: the same key and body get the first answer again, be
 * it good or bad. Work that fails before its run was launched frees its key: it may be tried again.
 * @throws {LooperError} `LOOPER_KEY_REUSED` for another body, `LOOPER_KEY_IN_USE` while the first is not answered, and
 * what the work threw
 */
export async function once<T>(
  ledger: Keys,
  { key, body, requestId, now, interrupted }: Keyed<T>,
  work: () => Promise<KeptAnswer<T>>,
): Promise<KeptAnswer<T>> {
  if (key === null) return work()
  const requestHash = createHash('sha256')
    .update(body ?? '')
    .digest('hex')
  const claim = ledger.claimKey({ key, requestHash, requestId, now, since: now - DAY_MS })
  switch (claim.kind) {
    case 'other':
      throw new LooperError('LOOPER_KEY_REUSED', 'this Idempotency-Key was used with another body')
    case 'open':
      throw new LooperError(
        'LOOPER_KEY_IN_USE',
        'the first request with this Idempotency-Key is not answered yet',
      )
    case 'interrupted':
      return interrupted(claim.runId)
    case 'answered':
      if (claim.status >= 400) throw failureIn(claim.body)
      return { status: claim.status, body: JSON.parse(claim.body) }
    case 'new':
  }
  try {
    const answer = await work()
    ledger.answerKey(key, answer.status, JSON.stringify(answer.body))
    return answer
  } catch (error) {
    if (!ledger.freeKey(key)) keepFailure(key, error)
    throw error
  }

  function keepFailure(key: string, error: unknown): void {
    const { code, message, status } =
      error instanceof LooperError ? error : new LooperError('LOOPER_INTERNAL', 'internal error')
    ledger.answerKey(key, status, JSON.stringify({ code, message, requestId }))
  }
}

function failureIn(kept: string): LooperError {
  const { code, message, requestId } = JSON.parse(kept)
  return new LooperError(code, message, { requestId })
}

/**
 * A request's key, apart from everybody else's.
 * @throws {LooperError} `LOOPER_FIELD_INVALID`
 */
export function keyOf(header: string | readonly string[] | undefined, owner: string): string | null {
  if (header === undefined) return null
  if (typeof header !== 'string' || !/^[ -~]{1,255}$/.test(header)) {
    throw new LooperError(
      'LOOPER_FIELD_INVALID',
      "'Idempotency-Key' must be 1 to 255 printable ASCII characters",
    )
  }
  return `${owner} ${header}`
}
