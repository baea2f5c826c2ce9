import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { orNull, Type } from '../base/schema.ts'
import { outboxState, outboxStateOf } from '../notices/outbox-state.ts'
import type { Outbox } from '../record/outbox.ts'

/** Nothing is wrong. */
const Well = Type.Object({ ok: Type.Literal(true) }, { description: 'It is.' })
const outbox = orNull(
  Type.Object(outboxState, {
    description: 'What is yet to be told to people; it keeps no run from being launched.',
  }),
)
const Ready = Type.Object({ ok: Type.Literal(true), outbox }, { description: 'It could.' })
const Unready = Type.Object(
  { ok: Type.Literal(false), problems: Type.Array(Type.String(), { minItems: 1 }), outbox },
  { description: 'It could not; each problem is a sentence.' },
)

/** `GET /health` and `GET /ready`, for whoever watches the service; nobody needs a token. */
export const healthRoutes: FastifyPluginAsyncTypebox<{
  readonly problems: () => Promise<readonly string[]>
  readonly ledger: Pick<Outbox, 'outboxCounts'>
}> = async (app, { problems, ledger }) => {
  /** Null where the record cannot be read; why is among the problems. */
  function untold() {
    try {
      return outboxStateOf(ledger.outboxCounts())
    } catch {
      return null
    }
  }

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
          'from before the restart are picked up; once a second at most. Tells how much waits to be told to people, too.',
        response: { 200: Ready, 503: Unready },
      },
    },
    async (_request, reply) => {
      const found = await problems()
      if (found.length === 0) return { ok: true as const, outbox: untold() }
      return reply.code(503).send({ ok: false, problems: [...found], outbox: untold() })
    },
  )
}
