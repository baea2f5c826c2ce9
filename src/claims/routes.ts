import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Claims } from './claims.ts'
import { ClaimList } from './schemas.ts'

/** `GET /claims`. */
export const claimRoutes: FastifyPluginAsyncTypebox<{ readonly claims: Pick<Claims, 'held'> }> = async (
  app,
  { claims },
) => {
  app.get(
    '/claims',
    {
      schema: {
        tags: ['runs'],
        summary: 'The names that runs hold',
        description:
          'Agents claim names with their tools. A claim ends when it is released, or with its run.',
        response: { 200: ClaimList },
      },
      config: { scope: 'read' },
    },
    async () => ({
      claims: claims.held().map(({ name, run, fence, since }) => ({
        name,
        run_id: run.runId,
        run_name: run.name,
        slot: run.slot,
        fence,
        since: new Date(since).toISOString(),
      })),
    }),
  )
}
