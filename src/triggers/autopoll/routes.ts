import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import { BODY_ERRORS } from '../../http/body-errors.ts'
import type { Run } from '../../runs/run.ts'
import type { Autopoll } from './autopoll.ts'
import { AUTOPOLL_OFF } from './errors.ts'

/** What the routes of the autopoll need. */
export interface AutopollRoutesOptions {
  /** Null: it is off. */
  readonly autopoll:
    | (Pick<Autopoll, 'pause' | 'resume'> & {
        launch(caller: string | null): Promise<Pick<Run, 'runId' | 'requestId'>>
      })
    | null
}

const Paused = Type.Object(
  { ok: Type.Literal(true), paused: Type.Boolean() },
  { description: 'Its state from now on, also after a restart.' },
)
const Launched = Type.Object(
  { ok: Type.Literal(true), run_id: Type.String(), request_id: Type.String() },
  { description: 'The run that was launched.' },
)

/** `POST /autopoll/pause`, `/autopoll/resume` and `/autopoll/launch`. */
export const autopollRoutes: FastifyPluginAsyncTypebox<AutopollRoutesOptions> = async (app, { autopoll }) => {
  app.post(
    '/autopoll/pause',
    {
      schema: {
        tags: ['service'],
        summary: 'Pause the autopoll',
        description: 'It launches nothing until it is resumed. A running run goes on.',
        response: { 200: Paused },
      },
      config: { scope: 'run', errors: [AUTOPOLL_OFF, ...BODY_ERRORS] },
    },
    async ({ caller }) => {
      there().pause(caller?.name ?? null)
      return { ok: true as const, paused: true }
    },
  )

  app.post(
    '/autopoll/resume',
    {
      schema: {
        tags: ['service'],
        summary: 'Resume the autopoll',
        description: 'It checks at once, and forgets the failures for which it waited or paused by itself.',
        response: { 200: Paused },
      },
      config: { scope: 'run', errors: [AUTOPOLL_OFF, ...BODY_ERRORS] },
    },
    async ({ caller }) => {
      there().resume(caller?.name ?? null)
      return { ok: true as const, paused: false }
    },
  )

  app.post(
    '/autopoll/launch',
    {
      schema: {
        tags: ['service'],
        summary: 'Launch the default run now',
        description: 'If nothing is running. A pause, and whatever else the autopoll waits for, is ignored.',
        response: { 200: Launched },
      },
      config: {
        scope: 'run',
        errors: [
          AUTOPOLL_OFF,
          'LOOPER_BUSY',
          'LOOPER_PROMPT_FILE_UNREADABLE',
          'LOOPER_PROMPT_TOO_LARGE',
          'LOOPER_WORKSPACE_INVALID',
          'LOOPER_WORKSPACE_CLOSED',
          'LOOPER_WORKSPACE_REFUSED',
          'LOOPER_WORKSPACE_FORBIDDEN',
          'LOOPER_BINARY_MISSING',
          'LOOPER_DISK_FULL',
          'LOOPER_LEDGER_UNWRITABLE',
          'LOOPER_LOG_UNWRITABLE',
          'LOOPER_LAUNCH_FAILED',
          'LOOPER_SHUTTING_DOWN',
          ...BODY_ERRORS,
        ],
      },
    },
    async ({ caller }) => {
      const { runId, requestId } = await there().launch(caller?.name ?? null)
      return { ok: true as const, run_id: runId, request_id: requestId }
    },
  )

  function there() {
    if (autopoll) return autopoll
    throw new LooperError(AUTOPOLL_OFF, 'the autopoll is off')
  }
}
