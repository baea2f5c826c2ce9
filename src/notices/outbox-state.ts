import { timeOf } from '../base/iso-time.ts'
import { orNull, Type } from '../base/schema.ts'
import type { OutboxCounts } from '../record/outbox.ts'

/** How much is yet to be told, as the API says it. */
export const outboxState = {
  pending: Type.Integer({ description: 'So many wait.' }),
  given_up: Type.Integer({ description: 'So many were given up.' }),
  oldest_pending_at: orNull(Type.String({ format: 'date-time' })),
}

/** The same, of what stands on the record. */
export const outboxStateOf = ({ pending, givenUp, oldestAt }: OutboxCounts) => ({
  pending,
  given_up: givenUp,
  oldest_pending_at: timeOf(oldestAt),
})
