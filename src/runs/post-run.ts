import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Agent } from '../agents/agent.ts'
import { LooperError } from '../base/errors.ts'
import { timeOf } from '../base/iso-time.ts'
import { Type } from '../base/schema.ts'
import { type KeptAnswer, keyOf, once, type Worked } from '../http/idempotency.ts'
import { AcceptedAnswer, PlanAnswer, RunAnswer } from './answers.ts'
import { POST_RUN } from './api.ts'
import { changesSummary } from './changes/summary.ts'
import { OBSTACLES, type Obstacle } from './occupation.ts'
import { planAnswer } from './plan-answer.ts'
import { prepareRun } from './request.ts'
import type { RunRoutesOptions } from './routes.ts'
import type { RunRequest, RunResult } from './run.ts'
import { RunBody } from './run-body.ts'
import type { Runs } from './runs.ts'
import type { Waiting } from './waiting.ts'

type Answer = RunAnswer | AcceptedAnswer | PlanAnswer

/** `POST /run`. */
export const postRun: FastifyPluginAsyncTypebox<RunRoutesOptions> = async (app, options) => {
  const { runs, ledger, defaults, clock } = options
  const { known } = defaults.agents
  const answered = 'What was announced, stopped and launched; or, with plan, what would be.'
  const response = {
    200: Type.Union([PlanAnswer, RunAnswer], { description: answered }),
    202: AcceptedAnswer,
  }
  app.post(
    '/run',
    { schema: { ...POST_RUN.schema, body: RunBody, response }, config: { ...POST_RUN.config, scope: 'run' } },
    async ({ body, id, caller, headers, rawBody }, reply) => {
      const name = caller?.name ?? null
      const isAsync = prefersAsync(headers.prefer)
      if (isAsync && body.wait) {
        throw new LooperError('LOOPER_FIELD_INVALID', "'wait' contradicts the header 'Prefer: respond-async'")
      }
      const key = body.plan ? null : keyOf(headers['idempotency-key'], name ?? '')
      const interrupted = (runId: string) => (isAsync ? accepted(runId, id) : lostAnswer(runId))
      const keyed = { key, body: rawBody, requestId: id, now: clock.now(), interrupted }
      // A key of an earlier life tells what became of its run.
      await runs.adopted()
      const kept = await once<Answer>(ledger, keyed, async () => {
        const origin = { requestId: id, trigger: 'http', caller: name } as const
        const { request, workspace } = await prepareRun(body, origin, defaults)
        if (body.plan) return { ...ok(planAnswer(await runs.plan(request))), effect: 'none' }
        if (!isAsync) return runAnswer(request, workspace, body.wait === true)
        const { runId, effect, ...waits } = await startAside(runs, request, 'refuse')
        return { ...accepted(runId, id, waits), effect }
      })
      if (kept.status === 202) {
        if (isAsync) reply.header('preference-applied', 'respond-async')
        const runId: unknown = Reflect.get(kept.body, 'run_id')
        if (typeof runId === 'string') reply.header('location', `/runs/${runId}`)
      }
      return reply.code(kept.status === 202 ? 202 : 200).send(kept.body)
    },
  )

  async function runAnswer(
    request: RunRequest,
    workspace: string | null,
    isWaiting: boolean,
  ): Promise<Worked<Answer>> {
    const started = await runs.start(request)
    if (started.kind === 'waiting' && !isWaiting)
      return { ...accepted(started.runId, request.requestId, waitOf(started)), effect: 'done' }
    if (started.kind === 'skipped')
      return { ...ok(skippedAnswer(request, workspace, started.obstacle, known)), effect: 'none' }
    const result = await started.done
    const answer = answerOf(request, workspace, result, known)
    if (!isWaiting || !result.run) return { ...ok(answer), effect: 'done' }
    const { outcome, returnCode, cause, remedy = null } = await result.run.ended
    const record = ledger.find(result.run.runId)
    const told = {
      tokens_used: record?.tokensUsed ?? null,
      verdict: record?.verdict ?? null,
      verdict_cause: record?.verdictCause ?? null,
      changes: changesSummary(record?.changes ?? null),
    }
    const ended = { ...answer, outcome, return_code: returnCode, cause, remedy, ...told }
    return { ...ok(ended), effect: 'done' }
  }
}

/** A run that nobody waits for. */
export interface Aside {
  /** Null where nothing will be launched. */
  readonly runId: string | null
  /** So many wait before it; null: it begins. */
  readonly ahead: number | null
  /** When runs of its agent begin again, as the API tells it; left out: they are not held. */
  readonly heldUntil?: string | null
  readonly effect: Worked<unknown>['effect']
}

/** Starts a request that nobody waits for: what becomes of it is on the record and in the log. */
export async function startAside(
  runs: Runs,
  request: RunRequest,
  whenBusy: 'refuse' | 'wait',
): Promise<Aside> {
  const started = await runs.start(request, whenBusy)
  if (started.kind === 'skipped') return { runId: null, ahead: null, effect: 'none' }
  started.done.catch(() => undefined)
  // What waits is on the record, and begins whatever becomes of the service.
  if (started.kind === 'waiting') return { runId: started.runId, ...waitOf(started), effect: 'done' }
  return { runId: started.runId, ahead: null, effect: started.done }
}

/** RFC 7240, 4.1. */
function prefersAsync(header: string | readonly string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .some((preference) => preference.trim().toLowerCase() === 'respond-async')
}

const ok = <T>(body: T) => ({ status: 200, body })

function waitOf({ ahead, held }: Waiting): Pick<Aside, 'ahead' | 'heldUntil'> {
  return { ahead, ...(held && { heldUntil: timeOf(held.heldUntil) }) }
}

const accepted = (
  runId: string | null,
  requestId: string,
  { ahead, heldUntil }: Pick<Aside, 'ahead' | 'heldUntil'> = { ahead: null },
): KeptAnswer<AcceptedAnswer> => ({
  status: 202,
  body: {
    ok: true,
    run_id: runId,
    request_id: requestId,
    ...(ahead === null ? {} : { waiting_ahead: ahead }),
    ...(heldUntil === undefined ? {} : { held_until: heldUntil }),
  },
})

function lostAnswer(runId: string): never {
  throw new LooperError(
    'LOOPER_KEY_INTERRUPTED',
    `the service ended while the first request with this Idempotency-Key was at work, which had begun run ${runId}`,
  )
}

function skippedAnswer(
  request: RunRequest,
  workspace: string | null,
  obstacle: Obstacle,
  known: Agent,
): RunAnswer {
  const reason = OBSTACLES[obstacle]
  const nothing = {
    noticeOutput: `SKIPPED ${reason}`,
    stopped: [],
    remaining: [],
    run: null,
    startupReturnCode: null,
  }
  return { ...answerOf(request, workspace, nothing, known), skipped: true, reason }
}

function answerOf(request: RunRequest, workspace: string | null, result: RunResult, known: Agent): RunAnswer {
  const { run } = result
  const agent = request.launch?.agent ?? known
  const launched = run && {
    pid: run.agent.pid,
    log_path: run.logPath,
    command: run.command,
    startup_return_code: result.startupReturnCode,
  }
  const stopped = [...result.stopped]
  const remaining = [...result.remaining]
  return {
    ok: true,
    zulip_output: result.noticeOutput,
    killed_codex_exec_pids: stopped,
    remaining_codex_exec_pids: remaining,
    workspace,
    codex_exec_binary: request.launch?.binary.path ?? null,
    codex_exec_binary_source: request.launch?.binary.source ?? null,
    run_id: run?.runId ?? null,
    request_id: request.requestId,
    codex_exec_started: launched !== null,
    codex_exec_result: launched,
    codex_exec_approval_policy: agent.approvalPolicy,
    codex_exec_sandbox: agent.sandbox,
    killed_vscode_pids: stopped,
    remaining_vscode_pids: remaining,
    codex_prompt_sent: launched !== null,
    codex_send_result: launched,
  }
}
