import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { orNull, Type } from '../../../base/schema.ts'
import { BODY_ERRORS } from '../../../http/body-errors.ts'
import { START_ERRORS } from '../../../runs/api.ts'
import { LOOP_IN_FILE } from '../errors.ts'
import { MEMORY_TOO_LARGE, MEMORY_UNUSABLE } from '../memory-errors.ts'
import { RunnerChange, RunnerConfig } from './config.ts'
import { RunnerModels } from './models.ts'
import type { Runner } from './runner.ts'
import { RunnerHistory, RunnerState } from './state.ts'

/** What the routes need. */
export interface RunnerRoutesOptions {
  readonly runner: Runner
  models(): Promise<RunnerModels>
}

const Ok = Type.Object({ ok: Type.Literal(true) }, { description: 'It is done.' })
const WRITES = [
  'LOOPER_FIELD_INVALID',
  'LOOPER_LEDGER_UNWRITABLE',
  MEMORY_TOO_LARGE,
  MEMORY_UNUSABLE,
  ...BODY_ERRORS,
] as const
const OK = { ok: true } as const
const Text = Type.Optional(orNull(Type.String({ description: 'Absent or null: emptied.' })))

/** `/api/…` of Loop Runner, for the loop `default`. */
export const runnerRoutes: FastifyPluginAsyncTypebox<RunnerRoutesOptions> = async (
  app,
  { runner, models },
) => {
  app.get(
    '/api/state',
    {
      schema: {
        tags: ['runs'],
        summary: 'The loop "default" for users of Loop Runner',
        description: 'How far it is, and what it is. Where there is none, what it would be.',
        response: {
          200: Type.Object(
            { state: RunnerState, config: RunnerConfig },
            { description: 'Its state and its configuration.' },
          ),
        },
      },
      config: { scope: 'read', crossOrigin: true },
    },
    async () => ({ state: runner.state(), config: runner.config() }),
  )

  app.get(
    '/api/models',
    {
      schema: {
        tags: ['runs'],
        summary: 'The models that the loop "default" may use',
        description: 'As the agents list them; the first answer may take some seconds. No model is asked.',
        response: { 200: RunnerModels },
      },
      config: { scope: 'read', crossOrigin: true },
    },
    models,
  )

  app.get(
    '/api/history',
    {
      schema: {
        tags: ['runs'],
        summary: 'The iterations of the loop "default"',
        description: 'The newest 100 that are over, oldest first; GET /loops/default/rounds has all of them.',
        response: { 200: RunnerHistory },
      },
      config: { scope: 'read', crossOrigin: true },
    },
    async () => runner.history(),
  )

  app.post(
    '/api/config',
    {
      schema: {
        tags: ['runs'],
        summary: 'Change the loop "default"',
        description:
          'Any part of its configuration, from its next iteration on; `model` and `monitor` are replaced whole.',
        body: RunnerChange,
        response: {
          200: Type.Object({ ok: Type.Literal(true), config: RunnerConfig }, { description: 'All of it.' }),
        },
      },
      // Its monitor is a command.
      config: {
        scope: 'admin',
        crossOrigin: true,
        errors: [LOOP_IN_FILE, 'LOOPER_EXECUTABLE_FORBIDDEN', ...WRITES],
      },
    },
    async ({ body, log }) => {
      const config = runner.change(body)
      log.info({ fields: Object.keys(body) }, 'loop.runner.config')
      return { ...OK, config }
    },
  )

  app.post(
    '/api/start',
    {
      schema: {
        tags: ['runs'],
        summary: 'Start the loop "default"',
        description:
          'With iteration 1. One that is at work goes on. What keeps it from starting is told as an event, too.',
        response: { 200: Ok },
      },
      config: { scope: 'run', crossOrigin: true, errors: [...START_ERRORS, ...WRITES] },
    },
    async ({ log }) => {
      log.info('loop.runner.start')
      await runner.start()
      return OK
    },
  )

  app.post(
    '/api/stop',
    {
      schema: {
        tags: ['runs'],
        summary: 'Stop the loop "default"',
        description: 'At once, with all that its iteration started. One that does not run stays as it is.',
        response: { 200: Ok },
      },
      config: { scope: 'run', crossOrigin: true, errors: WRITES },
    },
    async ({ log }) => {
      log.info('loop.runner.stop')
      await runner.stop()
      return OK
    },
  )

  const memory = (summary: string) => ({
    tags: ['runs'],
    summary,
    description: 'The whole text; the next iteration gets it.',
    response: { 200: Ok },
  })
  app.post(
    '/api/working',
    {
      schema: {
        ...memory('Write the working memory of the loop "default"'),
        body: Type.Object({ working: Text }, { additionalProperties: false }),
      },
      config: { scope: 'run', crossOrigin: true, errors: WRITES },
    },
    async ({ body: { working = null } }) => {
      runner.change({ working })
      return OK
    },
  )

  app.post(
    '/api/persistent',
    {
      schema: {
        ...memory('Write the persistent memory of the loop "default"'),
        body: Type.Object({ persistent: Text }, { additionalProperties: false }),
      },
      config: { scope: 'run', crossOrigin: true, errors: WRITES },
    },
    async ({ body: { persistent = null } }) => {
      runner.change({ persistent })
      return OK
    },
  )
}
