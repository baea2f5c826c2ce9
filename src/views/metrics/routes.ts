import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '../../base/schema.ts'
import { METRICS_TYPE, type Metrics } from './metrics.ts'

/** `GET /metrics`. */
export const metricsRoutes: FastifyPluginAsyncTypebox<{ readonly metrics: Pick<Metrics, 'text'> }> = async (
  app,
  { metrics },
) => {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['service'],
        summary: 'Metrics for Prometheus',
        description: 'Counters begin at 0 with each start of the service.',
      },
      config: {
        scope: 'read',
        answers: {
          200: {
            description: 'Text in the format 0.0.4.',
            content: { 'text/plain': Type.String() },
          },
        },
      },
    },
    async (_request, reply) => reply.type(METRICS_TYPE).send(await metrics.text()),
  )
}
