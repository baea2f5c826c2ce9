import { messageOf } from '../base/errors.ts'
import type { Redact } from '../logging/redact.ts'
import type { Notify } from './notice.ts'

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
