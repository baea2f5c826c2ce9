import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Ledger } from '../../record/ledger.ts'
import type { Runs } from '../../runs/runs.ts'
import { SlotList } from '../../runs/slot-schemas.ts'
import { slotAnswers } from '../../runs/slot-views.ts'

/** What the route needs. */
export interface SlotRoutesOptions {
  readonly runs: Pick<Runs, 'slots'>
  readonly ledger: Pick<Ledger, 'listed' | 'slotQueues'>
  readonly maxRuns: number
}

/** `GET /slots`. */
export const slotRoutes: FastifyPluginAsyncTypebox<SlotRoutesOptions> = async (app, options) => {
  const { runs, ledger, maxRuns } = options
  app.get(
    '/slots',
    {
      schema: {
        tags: ['runs'],
        summary: 'What runs in each slot',
        description: 'The live run, the launch under way, and who waits.',
        response: { 200: SlotList },
      },
      config: { scope: 'read' },
    },
    async () => ({ slots: slotAnswers(runs, ledger), max_runs: maxRuns }),
  )
}
