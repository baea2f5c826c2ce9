import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Notify } from './notice.ts'

/** What came of the last notice. */
export interface LastNotice {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly ok: boolean
  /** The receipt, or why it could not be sent. */
  readonly output: string
}

/** The same sender, and what came of its last notice; null before the first. */
export function rememberLast(
  notify: Notify,
  clock: Pick<Clock, 'now'>,
): { readonly notify: Notify; readonly last: () => LastNotice | null } {
  let last: LastNotice | null = null
  return {
    last: () => last,
    async notify(message, signal) {
      try {
        const receipt = await notify(message, signal)
        last = { at: clock.now(), ok: true, output: receipt.output }
        return receipt
      } catch (error) {
        last = { at: clock.now(), ok: false, output: messageOf(error) }
        throw error
      }
    },
  }
}
