import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { BODY_ERRORS } from '../http/body-errors.ts'
import { limitOf } from '../runs/list-query.ts'
import type { Asks } from './asks.ts'
import { ASK_CHANGED, ASK_NOT_FOUND, ASK_SETTLED } from './errors.ts'
import { AnswerBody, AskAnswer, AskList, AskQuery, askAnswer } from './schemas.ts'

const DEFAULT_LIMIT = 50
const params = Type.Object({ ask_id: Type.String({ description: 'As GET /asks tells it.' }) })

/** `GET /asks`, `GET /asks/:ask_id`, and `POST /asks/:ask_id/answer`. */
export const askRoutes: FastifyPluginAsyncTypebox<{
  readonly asks: Pick<Asks, 'find' | 'list' | 'answer'>
}> = async (app, { asks }) => {
  app.get(
    '/asks',
    {
      schema: {
        tags: ['people'],
        summary: 'What agents ask people',
        description: 'The questions of agents inside of runs, and what became of them.',
        querystring: AskQuery,
        response: { 200: AskList },
      },
      config: { scope: 'read', errors: ['LOOPER_FIELD_INVALID'] },
    },
    async ({ query: { state = null, limit } }) => ({
      asks: asks.list(state, limit === undefined ? DEFAULT_LIMIT : limitOf(limit)).map(askAnswer),
    }),
  )

  app.get(
    '/asks/:ask_id',
    {
      schema: {
        tags: ['people'],
        summary: 'One question of an agent',
        description: 'Where it stands, and its answer.',
        params,
        response: { 200: AskAnswer },
      },
      config: { scope: 'read', errors: [ASK_NOT_FOUND] },
    },
    async ({ params: { ask_id } }) => {
      const ask = asks.find(ask_id)
      if (ask === null) throw new LooperError(ASK_NOT_FOUND, 'there is no such ask')
      return askAnswer(ask)
    },
  )

  app.post(
    '/asks/:ask_id/answer',
    {
      schema: {
        tags: ['people'],
        summary: 'Answer a question of an agent',
        description:
          'Once: who comes second is refused. The name of the token stands on the record as the one who answered.',
        params,
        body: AnswerBody,
        response: { 200: AskAnswer },
      },
      config: {
        scope: 'answer',
        errors: [
          ASK_NOT_FOUND,
          ASK_SETTLED,
          ASK_CHANGED,
          'LOOPER_FIELD_INVALID',
          ...BODY_ERRORS,
          'LOOPER_LEDGER_UNWRITABLE',
        ],
      },
    },
    async ({ params: { ask_id }, body: { answer, digest = null }, caller }) => {
      if (answer === undefined) throw new LooperError('LOOPER_FIELD_INVALID', "missing 'answer'")
      return askAnswer(asks.answer(ask_id, answer, caller?.name ?? null, digest))
    },
  )
}
