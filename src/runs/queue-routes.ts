import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { BODY_ERRORS } from '../http/body-errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { WaitingRuns } from '../record/waiting.ts'
import { RUN_ID } from './api.ts'
import { limitOf } from './list-query.ts'
import { FirstAnswer, QueueAnswer } from './queue-schemas.ts'
import { DEFAULT_SLOT } from './slots.ts'
import { detailsOf, summaryOf } from './views.ts'

/** What the routes of the queue need. */
export interface QueueRoutesOptions {
  readonly ledger: Pick<Ledger, 'find' | keyof WaitingRuns>
}

const Query = Type.Object({
  slot: Type.Optional(Type.String({ description: 'The slot; "default" where none is named.' })),
  limit: Type.Optional(Type.String({ description: 'How many at most: 1 to 500, by default 500.' })),
})

/** `GET /queue`, and what may be done with those that wait; `POST /runs/:run_id/stop` cancels one. */
export const queueRoutes: FastifyPluginAsyncTypebox<QueueRoutesOptions> = async (app, { ledger }) => {
  app.get(
    '/queue',
    {
      schema: {
        tags: ['runs'],
        summary: 'What waits for its slot',
        description:
          'Runs asked for with if_running queue or coalesce, in the order in which they will begin.',
        querystring: Query,
        response: { 200: QueueAnswer },
      },
      config: { scope: 'read', errors: ['LOOPER_FIELD_INVALID'] },
    },
    async ({ query: { slot = DEFAULT_SLOT, limit = '500' } }) => ({
      waiting: ledger.waitingIn(slot, limitOf(limit)).map(summaryOf),
      slots: ledger.waitingSlots(),
    }),
  )

  app.post(
    '/queue/:run_id/first',
    {
      schema: {
        tags: ['runs'],
        summary: 'Let a run that waits be the next one of its slot',
        description: 'It goes before all others that wait there. Takes no body, or an empty object.',
        params: Type.Object({ run_id: RUN_ID }),
        response: { 200: FirstAnswer },
      },
      config: {
        scope: 'run',
        errors: [
          'LOOPER_RUN_NOT_FOUND',
          'LOOPER_RUN_NOT_WAITING',
          'LOOPER_LEDGER_UNWRITABLE',
          ...BODY_ERRORS,
        ],
      },
    },
    async ({ params: { run_id } }) => {
      const record = ledger.find(run_id)
      if (!record) throw new LooperError('LOOPER_RUN_NOT_FOUND', 'there is no run of this id')
      if (!record.isWaiting)
        throw new LooperError('LOOPER_RUN_NOT_WAITING', `run ${run_id} does not wait for its slot (any more)`)
      ledger.putFirst(run_id)
      return { ok: true as const, run: detailsOf(record) }
    },
  )
}
