import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '../../base/schema.ts'
import { BODY_ERRORS } from '../../http/body-errors.ts'
import type { Loops } from './control.ts'
import { LOOP_IN_FILE, LOOP_NOT_FOUND, LOOP_NOT_RUNNING, LOOP_RUNNING } from './errors.ts'
import { Hint, LoopDefinition } from './loop.ts'
import { MEMORY_UNUSABLE } from './memory-errors.ts'
import { LoopParams, Page } from './params.ts'
import type { LoopRecords } from './records.ts'
import { LoopList, loopAnswer, OneLoop, RoundList, roundAnswer } from './schemas.ts'

/** What the routes need. */
export interface LoopRoutesOptions {
  readonly loops: Loops
  readonly records: Pick<LoopRecords, 'rounds'>
}

const WRITES = ['LOOPER_FIELD_INVALID', 'LOOPER_LEDGER_UNWRITABLE', ...BODY_ERRORS] as const

/** What is done to a loop by an empty `POST`. */
const ACTIONS = {
  pause: {
    summary: 'Pause a loop',
    description: 'After the round that runs; at once where none does. It stays paused over restarts.',
  },
  resume: {
    summary: 'Let a loop go on',
    description: 'With its next round. What it was paused for is counted anew.',
  },
  skip: { summary: 'End the wait of a loop', description: 'The next round begins at once.' },
} as const

/** `/loops` and all below. */
export const loopRoutes: FastifyPluginAsyncTypebox<LoopRoutesOptions> = async (app, { loops, records }) => {
  app.get(
    '/loops',
    {
      schema: {
        tags: ['runs'],
        summary: 'The loops',
        description: 'Each runs its agent again and again, until something ends it.',
        response: { 200: LoopList },
      },
      config: { scope: 'read' },
    },
    async () => ({ loops: loops.all().map(loopAnswer) }),
  )

  app.get(
    '/loops/:name',
    {
      schema: {
        tags: ['runs'],
        summary: 'A loop',
        description: 'As it is now, with what ends it, and how near that is.',
        params: LoopParams,
        response: { 200: OneLoop },
      },
      config: { scope: 'read', errors: [LOOP_NOT_FOUND, 'LOOPER_FIELD_INVALID'] },
    },
    async ({ params }) => ({ loop: loopAnswer(loops.named(params.name)) }),
  )

  app.get(
    '/loops/:name/rounds',
    {
      schema: {
        tags: ['runs'],
        summary: 'The rounds of a loop',
        description: 'Of all its starts, page by page.',
        params: LoopParams,
        querystring: Type.Object({
          ...Page,
        }),
        response: { 200: RoundList },
      },
      config: { scope: 'read', errors: [LOOP_NOT_FOUND, 'LOOPER_FIELD_INVALID'] },
    },
    async ({ params, query }) => {
      const { name } = loops.named(params.name)
      const limit = Number(query.limit ?? 20)
      const before = Number(query.before ?? Number.MAX_SAFE_INTEGER)
      const rounds = records.rounds(name, { limit, before })
      const last = rounds.length === limit ? rounds.at(-1) : undefined
      return { rounds: rounds.map(roundAnswer), next_before: last?.id ?? null }
    },
  )

  app.post(
    '/loops/:name',
    {
      schema: {
        tags: ['runs'],
        summary: 'Make or change a loop',
        description: 'The whole of it; a loop at work is what this says from its next round on.',
        params: LoopParams,
        body: LoopDefinition,
        response: { 200: OneLoop },
      },
      // What checks its work is a command.
      config: { scope: 'admin', errors: [LOOP_IN_FILE, 'LOOPER_EXECUTABLE_FORBIDDEN', ...WRITES] },
    },
    async ({ params, body, log }) => {
      const loop = loops.define(params.name, body)
      log.info({ loop: loop.name }, 'loop.define')
      return { loop: loopAnswer(loop) }
    },
  )

  app.post(
    '/loops/:name/start',
    {
      schema: {
        tags: ['runs'],
        summary: 'Start a loop',
        description: 'With its first round. One that is at work goes on, and so does one that is paused.',
        params: LoopParams,
        response: { 200: OneLoop },
      },
      config: {
        scope: 'run',
        errors: [
          LOOP_NOT_FOUND,
          'LOOPER_WORKSPACE_MISSING',
          'LOOPER_WORKSPACE_INVALID',
          'LOOPER_WORKSPACE_CLOSED',
          'LOOPER_WORKSPACE_FORBIDDEN',
          'LOOPER_WORKSPACE_REFUSED',
          'LOOPER_AGENT_UNKNOWN',
          'LOOPER_AGENT_REFUSED',
          'LOOPER_BINARY_MISSING',
          'LOOPER_LOG_UNWRITABLE',
          'LOOPER_STOP_FAILED',
          ...WRITES,
        ],
      },
    },
    async ({ params, log }) => {
      log.info({ loop: params.name }, 'loop.start')
      return { loop: loopAnswer(await loops.start(params.name)) }
    },
  )

  app.post(
    '/loops/:name/stop',
    {
      schema: {
        tags: ['runs'],
        summary: 'Stop a loop',
        description: 'At once, with the round that runs and everything that this started.',
        params: LoopParams,
        response: { 200: OneLoop },
      },
      config: { scope: 'run', errors: [LOOP_NOT_FOUND, ...WRITES] },
    },
    async ({ params, log }) => {
      log.info({ loop: params.name }, 'loop.stop')
      return { loop: loopAnswer(await loops.stop(params.name)) }
    },
  )

  for (const action of ['pause', 'resume', 'skip'] as const)
    app.post(
      `/loops/:name/${action}`,
      {
        schema: { tags: ['runs'], ...ACTIONS[action], params: LoopParams, response: { 200: OneLoop } },
        config: { scope: 'run', errors: [LOOP_NOT_FOUND, LOOP_NOT_RUNNING, ...WRITES] },
      },
      async ({ params, log }) => {
        log.info({ loop: params.name }, `loop.${action}`)
        return { loop: loopAnswer(loops[action](params.name)) }
      },
    )

  app.post(
    '/loops/:name/remove',
    {
      schema: {
        tags: ['runs'],
        summary: 'Remove a loop',
        description:
          'One that rests, with its rounds and its memories; answers with what it was. Its checkpoints stay in their repository.',
        params: LoopParams,
        response: { 200: OneLoop },
      },
      // What makes it takes no less.
      config: {
        scope: 'admin',
        errors: [LOOP_NOT_FOUND, LOOP_RUNNING, LOOP_IN_FILE, MEMORY_UNUSABLE, ...WRITES],
      },
    },
    async ({ params, log }) => {
      const loop = loops.remove(params.name)
      log.info({ loop: loop.name }, 'loop.remove')
      return { loop: loopAnswer(loop) }
    },
  )

  app.post(
    '/loops/:name/hint',
    {
      schema: {
        tags: ['runs'],
        summary: 'Give a loop a hint',
        description: 'For its next round alone; an empty one takes the last one back.',
        params: LoopParams,
        body: Type.Object({ hint: Hint }, { additionalProperties: false }),
        response: { 200: OneLoop },
      },
      config: { scope: 'run', errors: [LOOP_NOT_FOUND, ...WRITES] },
    },
    async ({ params, body }) => ({ loop: loopAnswer(loops.hint(params.name, body.hint)) }),
  )
}
