import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../../base/errors.ts'
import { type Static, Type } from '../../base/schema.ts'
import { BODY_ERRORS } from '../../http/body-errors.ts'
import type { FileChange } from './checkpoint-changes.ts'
import {
  LOOP_CHECKPOINT_NOT_FOUND,
  LOOP_NOT_FOUND,
  LOOP_RESTORE_FAILED,
  LOOP_WORK_TREE_BUSY,
} from './errors.ts'
import { LoopParams } from './params.ts'
import { type RestoreDeps, type RestorePoint, restoreLoop } from './restore.ts'
import { MOST_NAMED, RestoreAnswer } from './restore-schemas.ts'

const Body = Type.Object(
  {
    round: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The number of the round, as the newest start counts it.' }),
    ),
    checkpoint: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{40}([0-9a-f]{24})?$',
        description:
          'The id of a commit, instead of a round: the checkpoint of any, or `undo` of what was restored.',
      }),
    ),
    plan: Type.Optional(Type.Boolean({ description: 'Only tells what would change.' })),
  },
  { additionalProperties: false },
)

/** `POST /loops/:name/restore`. */
export const restoreRoutes: FastifyPluginAsyncTypebox<RestoreDeps> = async (app, deps) => {
  app.post(
    '/loops/:name/restore',
    {
      schema: {
        tags: ['runs'],
        summary: 'Restore the work tree of a loop',
        description:
          'As it was after a round, while none runs. What is there now is a checkpoint first. The index, HEAD, branches and ignored files stay.',
        params: LoopParams,
        body: Body,
        response: { 200: RestoreAnswer },
      },
      config: {
        scope: 'run',
        errors: [
          LOOP_NOT_FOUND,
          LOOP_CHECKPOINT_NOT_FOUND,
          LOOP_WORK_TREE_BUSY,
          LOOP_RESTORE_FAILED,
          'LOOPER_WORKSPACE_MISSING',
          'LOOPER_WORKSPACE_INVALID',
          'LOOPER_WORKSPACE_FORBIDDEN',
          'LOOPER_FIELD_INVALID',
          ...BODY_ERRORS,
        ],
      },
    },
    async ({ params: { name }, body, log }) => {
      const { checkpoint, changes, undo } = await restoreLoop(name, pointIn(body), body.plan ?? false, deps)
      if (undo !== null) log.info({ loop: name, checkpoint, undo }, 'loop.restore')
      const count = (kind: FileChange['change']) => changes.filter(({ change }) => change === kind).length
      const files = changes.slice(0, MOST_NAMED).map(({ name: file, change }) => ({
        path: Buffer.from(file, 'latin1').toString(),
        change,
      }))
      const counts = { added: count('added'), changed: count('changed'), removed: count('removed') }
      return { restore: { checkpoint, ...counts, files, undo } }
    },
  )
}

function pointIn({ round, checkpoint }: Static<typeof Body>): RestorePoint {
  if (round !== undefined && checkpoint === undefined) return { round }
  if (checkpoint !== undefined && round === undefined) return { checkpoint }
  throw new LooperError('LOOPER_FIELD_INVALID', "say 'round' or 'checkpoint', and not both")
}
