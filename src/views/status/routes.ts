import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { StatusAnswer } from './schemas.ts'
import { type StatusSources, statusOf } from './status.ts'

/** `GET /status`. */
export const statusRoutes: FastifyPluginAsyncTypebox<{ readonly status: StatusSources }> = async (
  app,
  { status },
) => {
  app.get(
    '/status',
    {
      schema: {
        tags: ['service'],
        summary: 'What Looper is doing now',
        description: 'The slot, the run that lives, the autopoll, notices, and the disk.',
        response: { 200: StatusAnswer },
      },
      config: { scope: 'read' },
    },
    ({ caller }) => statusOf(status, caller),
  )
}
