import { randomUUID } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { LooperError } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { prepareRun, type RequestDefaults } from '../../runs/request.ts'
import { bodyOf } from '../../tools/request-run.ts'
import { type Tool, tool } from '../../tools/tool.ts'
import { dueTime } from './due-time.ts'
import type { Asked, Schedule } from './schedule.ts'

/** What it takes. */
export interface ScheduleToolDeps {
  readonly schedule: Pick<Schedule, 'add'>
  /** Is told that something was scheduled. */
  added(): void
  readonly maxDays: number
  readonly defaults: RequestDefaults
  readonly clock: Pick<Clock, 'now'>
  newRequestId(): string
}

const MOST_CHARACTERS = 100_000
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
        message: Type.String({
          minLength: 1,
          maxLength: 4000,
          description: 'The notice that people get then.',
        }),
        prompt: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: MOST_CHARACTERS,
            description: 'What it is to do; without it, the default prompt of the service.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    isReadOnly: false,
    async call({ message, prompt, ...when }, run) {
      const { schedule, clock, maxDays } = deps
      const now = clock.now()
      const dueAt = dueTime(when, now, maxDays)
      const asked = await askedBy(run, message, prompt ?? null, deps)
      const { id, runId } = schedule.add({ ...asked, dueAt, byRun: run.runId }, now)
      deps.added()
      return { scheduled_id: id, run_id: runId, due_at: new Date(dueAt).toISOString() }
    },
  })

/** The run as it comes on the record; all that can be known beforehand is checked now, and again then. @throws {LooperError} */
async function askedBy(
  run: RunRecord,
  message: string,
  prompt: string | null,
  { defaults, newRequestId }: ScheduleToolDeps,
): Promise<Pick<Asked, 'intent' | 'body'>> {
  const given = { ...bodyOf(run), zulip_message: message, codex_prompt: prompt, if_running: 'queue' } as const
  const origin = { requestId: newRequestId(), trigger: 'tool', caller: run.runId } as const
  const { request } = await prepareRun(given, origin, defaults)
  const { launch, asked } = request
  /* c8 ignore next: an empty prompt cannot wait, and was refused */
  if (launch === null) throw new LooperError('LOOPER_PROMPT_MISSING', "'prompt' has nothing to do in it")
  const { agent, binary, system: _system, tools: _tools, isolation: _isolation, ...rest } = launch
  return {
    // What checked the work of one checks the work of the next.
    intent: {
      ...rest,
      check: run.check,
      runId: randomUUID(),
      agent: agent.name,
      binary: binary.path,
      requestedAt: 0,
    },
    body: asked,
  }
}
