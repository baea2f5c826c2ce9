import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Outbox } from '../record/outbox.ts'
import type { Announce, Notify } from './notice.ts'

/** What it takes. */
export interface OnRecordDeps {
  readonly ledger: Pick<Outbox, 'beginDirect' | 'settleDirect'>
  readonly clock: Pick<Clock, 'now'>
  /** Where it goes now; null: nowhere. */
  readonly conversation: () => string | null
}

/**
 * The same sender for what a run begins with, which the run waits for: it stands on the record before it is sent, and what came
 * of it after. It is never sent again.
 */
export const onRecord =
  (notify: Notify, { ledger, clock, conversation }: OnRecordDeps): Announce =>
  async (message, signal, runId) => {
    const where = conversation()
    if (runId === null || where === null) return notify(message, signal)
    const key = `start ${runId}`
    ledger.beginDirect({ key, runId, conversation: where, content: message, createdAt: clock.now() })
    try {
      const receipt = await notify(message, signal)
      ledger.settleDirect(key, { state: 'sent', at: clock.now(), sentId: receipt.messageId })
      return receipt
    } catch (error) {
      ledger.settleDirect(key, { state: 'given_up', at: clock.now(), why: messageOf(error) })
      throw error
    }
  }
