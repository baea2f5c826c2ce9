import type { Clock } from '../../base/clock.ts'
import { LooperError } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import { intentOf } from '../../runs/intent.ts'
import { type NextRunDeps, nextRun, nextRunInput } from '../../tools/next-run.ts'
import { type Tool, tool } from '../../tools/tool.ts'
import { dueTime } from './due-time.ts'
import type { Schedule } from './schedule.ts'

/** What it takes. */
export interface ScheduleToolDeps extends NextRunDeps {
  readonly schedule: Pick<Schedule, 'add'>
  /** Is told that something was scheduled. */
  added(): void
  readonly maxDays: number
  readonly clock: Pick<Clock, 'now'>
}

const MOST_SECONDS = 366 * 86_400

/** Asks for one run later, in the slot of this one, with nothing that this one may not. */
export const scheduleTool = (deps: ScheduleToolDeps): Tool =>
  tool({
    name: 'schedule_next',
    description:
      'Ask for one fresh run in this slot later, with the same agent, workspace and limits: after in_seconds, or at a time. It waits for its slot if that is taken then. People see it and may cancel it.',
    input: Type.Object(
      {
        in_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_SECONDS })),
        at: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339, with a zone.' })),
        ...nextRunInput,
      },
      { additionalProperties: false },
    ),
    isReadOnly: false,
    async call({ message, prompt, ...when }, run) {
      const { schedule, clock, maxDays } = deps
      const now = clock.now()
      const dueAt = dueTime(when, now, maxDays)
      // All that can be known beforehand is checked now, and again then.
      const { launch, asked: body } = await nextRun(run, { message, prompt }, 'queue', deps)
      /* c8 ignore next: an empty prompt cannot wait, and was refused */
      if (launch === null) throw new LooperError('LOOPER_PROMPT_MISSING', "'prompt' has nothing to do in it")
      const { id, runId } = schedule.add(
        { intent: intentOf(launch, now), body, dueAt, byRun: run.runId },
        now,
      )
      deps.added()
      return { scheduled_id: id, run_id: runId, due_at: new Date(dueAt).toISOString() }
    },
  })
