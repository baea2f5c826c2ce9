import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '../base/schema.ts'

/** Nothing is wrong. */
const Well = Type.Object({ ok: Type.Literal(true) }, { description: 'It is.' })
const Unready = Type.Object(
  { ok: Type.Literal(false), problems: Type.Array(Type.String(), { minItems: 1 }) },
  { description: 'It is not; each problem is a sentence.' },
)

/** `GET /health` and `GET /ready`, for whoever watches the service; nobody needs a token. */
export const healthRoutes: FastifyPluginAsyncTypebox<{
  readonly problems: () => Promise<readonly string[]>
}> = async (app, { problems }) => {
  app.get(
    '/health',
    {
      schema: {
        tags: ['service'],
        summary: 'Whether the service answers',
        description: 'Needs no token.',
        response: { 200: Well },
      },
    },
    async () => ({ ok: true as const }),
  )
  app.get(
    '/ready',
    {
      schema: {
        tags: ['service'],
        summary: 'Whether a run could be launched now',
        description:
          'Needs no token. Looks at the ledger, the log directory, the disk, the process table, and whether the runs ' +
          'from before the restart are picked up; once a second at most.',
        response: { 200: Well, 503: Unready },
      },
    },
    async (_request, reply) => {
      const found = await problems()
      if (found.length === 0) return { ok: true as const }
      return reply.code(503).send({ ok: false, problems: [...found] })
    },
  )
}
