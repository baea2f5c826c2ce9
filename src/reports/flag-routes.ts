import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { BODY_ERRORS } from '../http/body-errors.ts'
import { limitOf } from '../runs/list-query.ts'
import { FLAG_NOT_FOUND } from './errors.ts'
import { FLAG_STATES, type Flags } from './flags.ts'
import { ClearAnswer, FlagList, flagAnswer } from './schemas.ts'

const Query = Type.Object({
  state: Type.Optional(Type.Enum([...FLAG_STATES], { description: 'By default those that are open.' })),
  run_id: Type.Optional(Type.String({ description: 'Only those of this run.' })),
  limit: Type.Optional(Type.String({ description: 'How many at most: 1 to 500, by default 500.' })),
})

/** `GET /flags` and `POST /flags/:flag_id/clear`. */
export const flagRoutes: FastifyPluginAsyncTypebox<{ readonly flags: Flags }> = async (app, { flags }) => {
  app.get(
    '/flags',
    {
      schema: {
        tags: ['runs'],
        summary: 'What needs a look',
        description: 'Agents raise flags where people should look at something, and need not answer.',
        querystring: Query,
        response: { 200: FlagList },
      },
      config: { scope: 'read', errors: ['LOOPER_FIELD_INVALID'] },
    },
    async ({ query: { state = 'open', run_id: runId = null, limit = '500' } }) => ({
      flags: flags.list({ state, runId, limit: limitOf(limit) }).map(flagAnswer),
    }),
  )

  app.post(
    '/flags/:flag_id/clear',
    {
      schema: {
        tags: ['runs'],
        summary: 'Clear a flag',
        description:
          'Somebody has looked; who did so first stays on the record. Takes no body, or an empty object.',
        params: Type.Object({
          flag_id: Type.String({ pattern: '^[0-9]{1,15}$', description: 'As GET /flags tells it.' }),
        }),
        response: { 200: ClearAnswer },
      },
      config: {
        scope: 'run',
        errors: [FLAG_NOT_FOUND, 'LOOPER_FIELD_INVALID', 'LOOPER_LEDGER_UNWRITABLE', ...BODY_ERRORS],
      },
    },
    async ({ params, caller }) => {
      const flag = flags.clear(Number(params.flag_id), caller?.name ?? null)
      if (flag === null) throw new LooperError(FLAG_NOT_FOUND, 'there is no flag of this id')
      return { ok: true as const, flag: flagAnswer(flag) }
    },
  )
}
