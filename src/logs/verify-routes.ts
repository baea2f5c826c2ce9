import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '../base/schema.ts'
import type { Ledger } from '../record/ledger.ts'
import { GET_VERIFY_LOG, RUN_ID } from '../runs/api.ts'
import { readVerifyLogQuery, VerifyLogQuery } from './query.ts'
import { runOf } from './run-of.ts'
import { sendLog } from './send.ts'
import { verifyLogPathOf } from './verify-log.ts'

/** What the route of a check's log needs. */
export interface VerifyRoutesOptions {
  readonly ledger: Pick<Ledger, 'find'>
}

const Params = Type.Object({ run_id: RUN_ID })

/** `GET /runs/:run_id/verify-log`: what the check of a run wrote, as a file or in part. */
export const verifyRoutes: FastifyPluginAsyncTypebox<VerifyRoutesOptions> = async (app, { ledger }) => {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/runs/:run_id/verify-log',
    schema: { ...GET_VERIFY_LOG.schema, params: Params, querystring: VerifyLogQuery },
    config: { ...GET_VERIFY_LOG.config, scope: 'read' },
    async handler(request, reply) {
      const asked = readVerifyLogQuery(request.query)
      const { logPath, check } = runOf(ledger, request.params.run_id)
      const file = logPath === null || check === null ? null : verifyLogPathOf(logPath)
      return sendLog(file, asked, request, reply)
    },
  })
}
