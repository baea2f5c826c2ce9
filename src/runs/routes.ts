import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Agent } from '../agents/agent.ts'
import { LooperError } from '../errors.ts'
import { Type } from '../schema.ts'
import { GET_RUN, LIST_RUNS, RUN_ID, STOP_RUN } from './api.ts'
import type { Ledger, RunRecord } from './ledger.ts'
import { postRun } from './post-run.ts'
import type { RequestDefaults } from './request.ts'
import type { Runs } from './runs.ts'
import { RunDetails, RunList, StopAnswer } from './schemas.ts'
import type { Steps } from './steps.ts'
import { detailsOf, summaryOf } from './views.ts'

/** What the routes of runs need. */
export interface RunRoutesOptions {
  readonly runs: Runs
  readonly ledger: Pick<Ledger, 'find' | 'list' | 'claimKey' | 'answerKey' | 'freeKey'>
  readonly steps: Steps
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly agent: Agent
  readonly defaults: RequestDefaults
}

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 500

const RunParams = Type.Object({ run_id: RUN_ID })

/** `POST /run`, and the runs on the record. */
export const runRoutes: FastifyPluginAsyncTypebox<RunRoutesOptions> = async (app, options) => {
  const { runs, ledger } = options
  await app.register(postRun, options)

  app.get(
    '/runs',
    {
      schema: { ...LIST_RUNS.schema, response: { 200: RunList } },
      config: { ...LIST_RUNS.config, scope: 'read' },
    },
    async ({ query }) => {
      return { runs: ledger.list(limitOf(Reflect.get(Object(query), 'limit'))).map(summaryOf) }
    },
  )

  app.get(
    '/runs/:run_id',
    {
      schema: { ...GET_RUN.schema, params: RunParams, response: { 200: RunDetails } },
      config: { ...GET_RUN.config, scope: 'read' },
    },
    async ({ params }) => {
      return detailsOf(recordOf(params.run_id))
    },
  )

  app.post(
    '/runs/:run_id/stop',
    {
      schema: { ...STOP_RUN.schema, params: RunParams, response: { 200: StopAnswer } },
      config: { ...STOP_RUN.config, scope: 'run' },
    },
    async ({ params, caller }) => {
      const { run_id } = params
      recordOf(run_id)
      const report = await runs.stop(run_id, `stopped by ${caller?.name ?? 'a request'}`)
      const run = recordOf(run_id)
      if (!report)
        throw new LooperError('LOOPER_RUN_ENDED', `run ${run_id} has ended already: ${run.outcome}`)
      return {
        ok: true as const,
        run: detailsOf(run),
        stopped_pids: [...report.signalled],
        remaining_pids: [...report.survivors],
      }
    },
  )

  function recordOf(runId: string): RunRecord {
    const record = ledger.find(runId)
    if (record) return record
    throw new LooperError('LOOPER_RUN_NOT_FOUND', `there is no run ${runId}`)
  }
}

function limitOf(given: unknown): number {
  if (given === undefined) return DEFAULT_LIMIT
  const limit = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : 0
  if (limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new LooperError('LOOPER_FIELD_INVALID', `'limit' must be a whole number from 1 to ${MAX_LIMIT}`)
}
