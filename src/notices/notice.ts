import { messageOf } from '../errors.ts'
import type { Redact } from '../logging/redact.ts'

/** What came of a notice. */
export interface Receipt {
  /** One line that tells it, as callers see it in `zulip_output`. */
  readonly output: string
}

/**
 * Sends one notice; resolves once it is delivered.
 * @throws {Error} with a sentence that says why it could not be sent
 */
export type Notify = (message: string, signal: AbortSignal) => Promise<Receipt>

/** The same notices, with receipts and failures that hold no secret: both go on the record. */
export function withoutSecrets(notify: Notify, redact: Redact): Notify {
  return async (message, signal) => {
    try {
      const { output } = await notify(message, signal)
      return { output: redact(output) }
    } catch (error) {
      throw new Error(redact(messageOf(error)), { cause: error })
    }
  }
}
