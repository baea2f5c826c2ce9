import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import { BODY_ERRORS } from '../../http/body-errors.ts'
import type { WaitingRuns } from '../../record/waiting.ts'
import type { Runs } from '../runs.ts'
import { HoldList, holdAnswers, ReleaseAnswer } from './hold-schemas.ts'

/** What the routes of holds need. */
export interface HoldRoutesOptions {
  readonly runs: Pick<Runs, 'holds'>
  readonly ledger: Pick<WaitingRuns, 'waitingOf'>
}

/** `GET /holds`, and `POST /holds/:agent/release`. */
export const holdRoutes: FastifyPluginAsyncTypebox<HoldRoutesOptions> = async (app, { runs, ledger }) => {
  app.get(
    '/holds',
    {
      schema: {
        tags: ['runs'],
        summary: 'The agents whose usage limit is reached',
        description: 'Runs of them wait on the record until the limit is reset, and begin then.',
        response: { 200: HoldList },
      },
      config: { scope: 'read' },
    },
    async () => ({ holds: holdAnswers(runs.holds, ledger) }),
  )

  app.post(
    '/holds/:agent/release',
    {
      schema: {
        tags: ['runs'],
        summary: 'Let runs of an agent begin again',
        description:
          'Ends the hold of an agent before its usage limit is reset: what waits begins now. Takes no body, or an empty object.',
        params: Type.Object({ agent: Type.String({ description: 'As GET /holds tells it.' }) }),
        response: { 200: ReleaseAnswer },
      },
      config: {
        scope: 'run',
        errors: ['LOOPER_HOLD_NOT_FOUND', ...BODY_ERRORS],
      },
    },
    async ({ params: { agent } }) => {
      if (!runs.holds.release(agent))
        throw new LooperError('LOOPER_HOLD_NOT_FOUND', 'the runs of this agent are not held')
      return { ok: true as const, agent, waiting_count: ledger.waitingOf(agent) }
    },
  )
}
