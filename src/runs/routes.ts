import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { runOf } from '../logs/run-of.ts'
import type { Keys } from '../record/keys.ts'
import type { Ledger } from '../record/ledger.ts'
import type { WaitingRuns } from '../record/waiting.ts'
import { CURRENT_RUN, GET_RUN, LIST_RUNS, RUN_ID, STOP_RUN } from './api.ts'
import { holdRoutes } from './holds/routes.ts'
import { listAnswer } from './list-answer.ts'
import { ListQuery } from './list-query.ts'
import { postRun } from './post-run.ts'
import { queueRoutes } from './queue-routes.ts'
import type { RequestDefaults } from './request.ts'
import { RunDetails, RunList, StopAnswer } from './run-schemas.ts'
import type { Runs } from './runs.ts'
import { DEFAULT_SLOT } from './slots.ts'
import type { Steps } from './steps.ts'
import { stopAnswer } from './stop-answer.ts'
import { detailsOf } from './views.ts'

/** What the routes of runs need. */
export interface RunRoutesOptions {
  readonly runs: Runs
  readonly ledger: Pick<Ledger, 'find' | 'list' | 'unlocked' | keyof Keys | keyof WaitingRuns>
  readonly steps: Steps
  readonly clock: Clock
  readonly defaults: RequestDefaults
}

const SlotQuery = Type.Object({
  slot: Type.Optional(Type.String({ description: 'The slot; "default" where none is named.' })),
})
const RunParams = Type.Object({ run_id: RUN_ID })

/** `POST /run`, and the runs on the record. */
export const runRoutes: FastifyPluginAsyncTypebox<RunRoutesOptions> = async (app, options) => {
  const { runs, ledger } = options
  await app.register(postRun, options)
  await app.register(queueRoutes, options)
  await app.register(holdRoutes, options)

  app.get(
    '/runs',
    {
      schema: { ...LIST_RUNS.schema, querystring: ListQuery, response: { 200: RunList } },
      config: { ...LIST_RUNS.config, scope: 'read' },
    },
    async ({ query }) => {
      return listAnswer(ledger, query)
    },
  )

  app.get(
    '/runs/current',
    {
      schema: { ...CURRENT_RUN.schema, querystring: SlotQuery, response: { 200: RunDetails } },
      config: { ...CURRENT_RUN.config, scope: 'read' },
    },
    async ({ query: { slot = DEFAULT_SLOT } }) => {
      const live = runs.live().findLast((run) => run.slot === slot)
      const record = live && ledger.find(live.runId)
      if (!record) throw new LooperError('LOOPER_RUN_NOT_FOUND', 'nothing runs')
      return detailsOf(record)
    },
  )

  app.get(
    '/runs/:run_id',
    {
      schema: { ...GET_RUN.schema, params: RunParams, response: { 200: RunDetails } },
      config: { ...GET_RUN.config, scope: 'read' },
    },
    async ({ params }) => {
      return detailsOf(runOf(ledger, params.run_id))
    },
  )

  app.post(
    '/runs/:run_id/stop',
    {
      schema: { ...STOP_RUN.schema, params: RunParams, response: { 200: StopAnswer } },
      config: { ...STOP_RUN.config, scope: 'run' },
    },
    async ({ params, caller }) => {
      return stopAnswer(options, params.run_id, caller?.name)
    },
  )
}
