import { messageOf } from '../base/errors.ts'
import type { Redact } from '../logging/redact.ts'

/** What came of a notice. */
export interface Receipt {
  /** One line that tells it, as callers see it in `zulip_output`. */
  readonly output: string
  /** The message that it is; null where it cannot be edited. */
  readonly messageId: number | null
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
      const { output, messageId } = await notify(message, signal)
      return { output: redact(output), messageId }
    } catch (error) {
      throw new Error(redact(messageOf(error)), { cause: error })
    }
  }
}

/**
 * Puts a new text in place of a notice's; false where that message may not be edited (any more).
 * @throws {Error} with a sentence that says why it failed
 */
export type Amend = (messageId: number, content: string, signal: AbortSignal) => Promise<boolean>
