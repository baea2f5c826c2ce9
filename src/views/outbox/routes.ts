import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { timeOf } from '../../base/iso-time.ts'
import { outboxStateOf } from '../../notices/outbox-state.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { OutboxRow } from '../../record/outbox.ts'
import { limitOf } from '../../runs/list-query.ts'
import { OutboxList, OutboxQuery } from './schemas.ts'

const DEFAULT_LIMIT = 50
const SHOWN_CHARACTERS = 200

/** `GET /outbox`. */
export const outboxRoutes: FastifyPluginAsyncTypebox<{
  readonly ledger: Pick<Ledger, 'outboxRows' | 'outboxCounts'>
}> = async (app, { ledger }) => {
  app.get(
    '/outbox',
    {
      schema: {
        tags: ['service'],
        summary: 'What is to be told, and what became of it',
        description:
          'Notices of the beginnings and the ends of runs, and what agents tell: waiting, sent, given up and why, or superseded.',
        querystring: OutboxQuery,
        response: { 200: OutboxList },
      },
      config: { scope: 'read' },
    },
    async ({ query: { state = null, limit } }) => {
      const rows = ledger.outboxRows(state, limit === undefined ? DEFAULT_LIMIT : limitOf(limit))
      return { ...outboxStateOf(ledger.outboxCounts()), messages: rows.map(toMessage) }
    },
  )
}

const toMessage = (row: OutboxRow) => ({
  id: row.id,
  run_id: row.runId,
  conversation: row.conversation,
  state: row.state,
  edits: row.edits,
  text: row.content.slice(0, SHOWN_CHARACTERS).toWellFormed(),
  created_at: timeOf(row.createdAt),
  attempts: row.attempts,
  next_at: row.state === 'pending' && row.attempts > 0 ? timeOf(row.nextAt) : null,
  done_at: timeOf(row.doneAt),
  message_id: row.sentId,
  why: row.why,
})
