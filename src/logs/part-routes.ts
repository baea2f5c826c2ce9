import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../base/clock.ts'
import { Type } from '../base/schema.ts'
import type { Ledger } from '../record/ledger.ts'
import { GET_LOG_LINES, GET_LOG_TIMES, RUN_ID, SEARCH_LOG } from '../runs/api.ts'
import { logNotFound, openLog } from './file.ts'
import { createLogIndexes, type IndexedLog } from './line-index.ts'
import { linesOf } from './lines.ts'
import {
  LinesQuery,
  readLinesQuery,
  readSearchQuery,
  readTimesQuery,
  SearchQuery,
  TimesQuery,
} from './query.ts'
import { runOf } from './run-of.ts'
import { LogLinesAnswer, LogMatchesAnswer, LogTimesAnswer } from './schemas.ts'
import { searchLog } from './search.ts'
import { timesOf } from './times.ts'

/** What the routes of parts of logs need. */
export interface LogPartRoutesOptions {
  readonly ledger: Pick<Ledger, 'find'>
  readonly clock: Pick<Clock, 'monotonic'>
}

const Params = Type.Object({ run_id: RUN_ID })
/** After that long a request is answered with what there is. */
const LIMIT_MS = 2000

/** `GET /runs/:run_id/log/search`, `…/lines` and `…/times`: what of a log is wanted, wherever in it that is. */
export const logPartRoutes: FastifyPluginAsyncTypebox<LogPartRoutesOptions> = async (app, options) => {
  const { ledger, clock } = options
  const indexes = createLogIndexes()

  app.get(
    '/runs/:run_id/log/search',
    {
      schema: {
        ...SEARCH_LOG.schema,
        params: Params,
        querystring: SearchQuery,
        response: { 200: LogMatchesAnswer },
      },
      config: { ...SEARCH_LOG.config, scope: 'read' },
    },
    async ({ params, query }, reply) => {
      const asked = readSearchQuery(query)
      return withLog(params.run_id, reply, (log, isOver) => searchLog(log, asked, isOver))
    },
  )

  app.get(
    '/runs/:run_id/log/lines',
    {
      schema: {
        ...GET_LOG_LINES.schema,
        params: Params,
        querystring: LinesQuery,
        response: { 200: LogLinesAnswer },
      },
      config: { ...GET_LOG_LINES.config, scope: 'read' },
    },
    async ({ params, query }, reply) => {
      const asked = readLinesQuery(query)
      return withLog(params.run_id, reply, (log, isOver) => linesOf(log, asked, isOver))
    },
  )

  app.get(
    '/runs/:run_id/log/times',
    {
      schema: {
        ...GET_LOG_TIMES.schema,
        params: Params,
        querystring: TimesQuery,
        response: { 200: LogTimesAnswer },
      },
      config: { ...GET_LOG_TIMES.config, scope: 'read' },
    },
    async ({ params, query }, reply) => {
      const asked = readTimesQuery(query)
      return withLog(params.run_id, reply, (log, isOver, path) => timesOf(log, path, asked, isOver))
    },
  )

  /** What the work makes of a run's log, until its time is over or nobody waits for it any more. */
  async function withLog<T>(
    runId: string,
    { raw }: FastifyReply,
    work: (log: IndexedLog, isOver: () => boolean, path: string) => Promise<T>,
  ): Promise<T> {
    const run = runOf(ledger, runId)
    if (run.logPath === null) throw logNotFound()
    const log = await openLog(run.logPath)
    const deadline = clock.monotonic() + LIMIT_MS
    try {
      const isOver = () => raw.destroyed || clock.monotonic() >= deadline
      return await work(await indexes.of(run.logPath, log), isOver, run.logPath)
    } finally {
      await log.file.close()
    }
  }
}
