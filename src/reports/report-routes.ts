import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { runOf } from '../logs/run-of.ts'
import type { Ledger } from '../record/ledger.ts'
import { RUN_ID } from '../runs/api.ts'
import { REPORT_NOT_FOUND } from './errors.ts'
import type { Reports, WholeReport } from './reports.ts'
import { ReportAnswer, ReportList, reportSummary } from './schemas.ts'

/** What the routes need. */
export interface ReportRoutesOptions {
  readonly ledger: Pick<Ledger, 'find'>
  readonly reports: Reports
}

const Params = Type.Object({
  report_id: Type.String({ pattern: '^[0-9]{1,15}$', description: 'As the list of its run tells it.' }),
})
const ERRORS = [REPORT_NOT_FOUND, 'LOOPER_FIELD_INVALID'] as const

/** `GET /runs/:run_id/reports`, `GET /reports/:report_id` and its text. */
export const reportRoutes: FastifyPluginAsyncTypebox<ReportRoutesOptions> = async (
  app,
  { ledger, reports },
) => {
  app.get(
    '/runs/:run_id/reports',
    {
      schema: {
        tags: ['runs'],
        summary: 'The reports of a run',
        description: 'What its agent delivered with the tool report.',
        params: Type.Object({ run_id: RUN_ID }),
        response: { 200: ReportList },
      },
      config: { scope: 'read', errors: ['LOOPER_RUN_NOT_FOUND'] },
    },
    async ({ params }) => ({
      reports: reports.of(runOf(ledger, params.run_id).runId).map(reportSummary),
    }),
  )

  app.get(
    '/reports/:report_id',
    {
      schema: {
        tags: ['runs'],
        summary: 'A report',
        description: 'With its text, in which nothing is to be trusted: an agent wrote it.',
        params: Params,
        response: { 200: ReportAnswer },
      },
      config: { scope: 'read', errors: ERRORS },
    },
    async ({ params }) => {
      const report = there(params.report_id)
      return { ...reportSummary(report), markdown: report.markdown }
    },
  )

  app.get(
    '/reports/:report_id/markdown',
    {
      schema: {
        tags: ['runs'],
        summary: 'The text of a report',
        description: 'As it was written, and never as a page.',
        params: Params,
      },
      config: {
        scope: 'read',
        answers: { 200: { description: 'Its text.', content: { 'text/markdown': Type.String() } } },
        errors: ERRORS,
      },
    },
    async ({ params }, reply) =>
      reply.type('text/markdown; charset=utf-8').send(there(params.report_id).markdown),
  )

  function there(id: string): WholeReport {
    const report = reports.find(Number(id))
    if (report === null) throw new LooperError(REPORT_NOT_FOUND, 'there is no report of this id')
    return report
  }
}
