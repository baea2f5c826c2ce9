import { createHash } from 'node:crypto'
import { LooperError } from '../errors.ts'
import type { Ledger } from '../runs/ledger.ts'

/** An answer that is given again for the same key. */
export interface KeptAnswer<T> {
  readonly status: number
  readonly body: T
}

const DAY_MS = 86_400_000

/**
 * Does the work once for a key within 24 h, also across restarts: the same key and body get the first answer again.
 * Work that throws before anything was launched frees its key. Without a key the work is simply done.
 * @throws {LooperError} `LOOPER_KEY_REUSED` for another body, `LOOPER_KEY_IN_USE` while the first is not answered
 */
export async function once<T>(
  ledger: Pick<Ledger, 'claimKey' | 'answerKey' | 'freeKey'>,
  key: string | null,
  body: Buffer,
  now: number,
  work: () => Promise<KeptAnswer<T>>,
): Promise<KeptAnswer<T>> {
  if (key === null) return work()
  const hash = createHash('sha256').update(body).digest('hex')
  const claim = ledger.claimKey(key, hash, now, now - DAY_MS)
  switch (claim.kind) {
    case 'other':
      throw new LooperError('LOOPER_KEY_REUSED', 'this Idempotency-Key was used with another body')
    case 'open':
      throw new LooperError(
        'LOOPER_KEY_IN_USE',
        'the first request with this Idempotency-Key is not answered yet',
      )
    case 'answered':
      return { status: claim.status, body: JSON.parse(claim.body) }
    case 'new':
  }
  try {
    const answer = await work()
    ledger.answerKey(key, answer.status, JSON.stringify(answer.body))
    return answer
  } catch (error) {
    ledger.freeKey(key)
    throw error
  }
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
