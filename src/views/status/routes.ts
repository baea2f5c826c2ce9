import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { statusAnswer } from './schemas.ts'
import { type StatusSources, statusOf } from './status.ts'

/** `GET /status`. */
export const statusRoutes: FastifyPluginAsyncTypebox<StatusSources> = async (app, sources) => {
  app.get(
    '/status',
    {
      schema: {
        tags: ['service'],
        summary: 'What Looper is doing now',
        description: 'The slot, the running run, the autopoll, notices, and the disk.',
        response: { 200: statusAnswer(sources.parts) },
      },
      config: { scope: 'read' },
    },
    ({ caller }) => statusOf(sources, caller),
  )
}
