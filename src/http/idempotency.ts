import { createHash } from 'node:crypto'
import { LooperError } from '../base/errors.ts'
import type { AnswerText, Keys } from '../record/keys.ts'
import type { Ledger } from '../record/ledger.ts'

/** An answer that is given again for the same key. */
export interface KeptAnswer<T> {
  readonly status: number
  readonly body: T
}

/** What came of work. */
export interface Worked<T> extends KeptAnswer<T> {
  /** What was done; or what goes on behind the answer, and rejects where it fails. */
  readonly effect: 'none' | 'done' | Promise<unknown>
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
  /** The answer where the service ended with the first request, which had begun a run. */
  readonly interrupted: (runId: string) => KeptAnswer<T>
}

const DAY_MS = 86_400_000

/**
 * Does the work once for a key within 24 h, also across restarts: the same key and body get the first answer again, be
 * it good or bad. What did nothing, or fails before its run was launched, frees its key, also behind the answer: it may be
 * tried again.
 * @throws {LooperError} `LOOPER_KEY_REUSED` for another body, `LOOPER_KEY_IN_USE` while the first is not answered, and
 * what the work threw
 */
export async function once<T>(
  ledger: Keys & Pick<Ledger, 'unlocked'>,
  { key, body, requestId, now, interrupted }: Keyed<T>,
  work: () => Promise<Worked<T>>,
): Promise<KeptAnswer<T>> {
  if (key === null) return work()
  const requestHash = createHash('sha256')
    .update(body ?? '')
    .digest('hex')
  await ledger.unlocked()
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
  let worked: Worked<T>
  try {
    worked = await work()
  } catch (error) {
    if (!ledger.freeKey(key)) keepFailure(key, error)
    throw error
  }
  const { status, body: answer, effect } = worked
  settle(ledger, key, { status, body: JSON.stringify(answer) }, effect)
  return { status, body: answer }

  function keepFailure(key: string, error: unknown): void {
    const { code, message, status } =
      error instanceof LooperError ? error : new LooperError('LOOPER_INTERNAL', 'internal error')
    // The next life of the service knows what became of the run, and that it is not shutting down.
    if (code !== 'LOOPER_SHUTTING_DOWN')
      ledger.answerKey(key, { status, body: JSON.stringify({ code, message, requestId }) })
  }
}

/** Keeps the answer of work, or frees its key. */
function settle(ledger: Keys, key: string, answer: AnswerText, effect: Worked<unknown>['effect']): void {
  if (effect === 'none') ledger.freeKey(key)
  else if (effect === 'done') ledger.answerKey(key, answer)
  else {
    ledger.tellKey(key, answer)
    const keep = () => ledger.answerKey(key, answer)
    effect
      .then(keep, () => ledger.freeKey(key) || keep())
      // Where the record cannot be read the answer stands, as long as the service lives.
      .catch(() => undefined)
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
