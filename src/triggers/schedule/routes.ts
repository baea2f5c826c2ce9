import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import { BODY_ERRORS } from '../../http/body-errors.ts'
import { SCHEDULED_NOT_FOUND } from './errors.ts'
import type { Schedule } from './schedule.ts'
import { CancelAnswer, ScheduledList, scheduledAnswer } from './schemas.ts'

/** What the routes need. */
export interface ScheduleRoutesOptions {
  readonly schedule: Pick<Schedule, 'waiting' | 'cancel'>
}

/** `GET /scheduled` and `POST /scheduled/:scheduled_id/cancel`. */
export const scheduleRoutes: FastifyPluginAsyncTypebox<ScheduleRoutesOptions> = async (app, { schedule }) => {
  app.get(
    '/scheduled',
    {
      schema: {
        tags: ['runs'],
        summary: 'The runs that wait for their time',
        description: 'Agents asked for them with the tool schedule_next.',
        response: { 200: ScheduledList },
      },
      config: { scope: 'read' },
    },
    async () => ({ scheduled: schedule.waiting().map(scheduledAnswer) }),
  )

  app.post(
    '/scheduled/:scheduled_id/cancel',
    {
      schema: {
        tags: ['runs'],
        summary: 'Cancel a run that waits for its time',
        description: 'It will not begin. Takes no body, or an empty object.',
        params: Type.Object({
          scheduled_id: Type.String({ pattern: '^[0-9]{1,15}$', description: 'As GET /scheduled tells it.' }),
        }),
        response: { 200: CancelAnswer },
      },
      config: {
        scope: 'run',
        errors: [SCHEDULED_NOT_FOUND, 'LOOPER_FIELD_INVALID', 'LOOPER_LEDGER_UNWRITABLE', ...BODY_ERRORS],
      },
    },
    async ({ params, log }) => {
      const cancelled = schedule.cancel(Number(params.scheduled_id))
      if (cancelled === null) throw new LooperError(SCHEDULED_NOT_FOUND, 'no scheduled run of this id waits')
      log.info({ id: cancelled.id, run_id: cancelled.runId }, 'schedule.cancel')
      return { ok: true as const, scheduled: scheduledAnswer(cancelled) }
    },
  )
}
