import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Agent } from '../agents/agent.ts'
import { LooperError } from '../errors.ts'
import { keyOf, once } from '../http/idempotency.ts'
import { GET_RUN, LIST_RUNS, POST_RUN } from './api.ts'
import type { Ledger } from './ledger.ts'
import { prepareRun, type RequestDefaults } from './request.ts'
import type { RunRequest, RunResult } from './run.ts'
import type { Runs } from './runs.ts'
import { RunAnswer, RunBody, RunDetails, RunList } from './schemas.ts'
import type { Steps } from './steps.ts'
import { detailsOf, summaryOf } from './views.ts'

/** What the routes of runs need. */
export interface RunRoutesOptions {
  readonly runs: Runs
  readonly ledger: Pick<Ledger, 'find' | 'list' | 'claimKey' | 'answerKey' | 'freeKey'>
  readonly steps: Steps
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly agent: Agent
  readonly defaults: RequestDefaults
}

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 500

const RunParams = Type.Object({
  run_id: Type.String({ description: 'As the answer of POST /run, and GET /runs, tell it.' }),
})

/** `POST /run`, `GET /runs`, `GET /runs/:run_id`. */
export const runRoutes: FastifyPluginAsyncTypebox<RunRoutesOptions> = async (
  app,
  { runs, ledger, agent, defaults, now },
) => {
  app.post(
    '/run',
    {
      schema: { ...POST_RUN.schema, body: RunBody, response: { 200: RunAnswer } },
      config: { ...POST_RUN.config, scope: 'run' },
    },
    async ({ body, id, caller, headers, rawBody }) => {
      const name = caller?.name ?? null
      const key = keyOf(headers['idempotency-key'], name ?? '')
      const kept = await once(ledger, key, rawBody ?? Buffer.alloc(0), now(), async () => {
        const origin = { requestId: id, trigger: 'http', caller: name } as const
        const { request, workspace } = await prepareRun(body, origin, defaults)
        return { status: 200, body: answer(request, workspace, await runs.run(request), agent) }
      })
      return kept.body
    },
  )

  app.get(
    '/runs',
    {
      schema: { ...LIST_RUNS.schema, response: { 200: RunList } },
      config: { ...LIST_RUNS.config, scope: 'read' },
    },
    async ({ query }) => {
      return { runs: ledger.list(limitOf(Reflect.get(Object(query), 'limit'))).map(summaryOf) }
    },
  )

  app.get(
    '/runs/:run_id',
    {
      schema: { ...GET_RUN.schema, params: RunParams, response: { 200: RunDetails } },
      config: { ...GET_RUN.config, scope: 'read' },
    },
    async ({ params }) => {
      const record = ledger.find(params.run_id)
      if (!record) throw new LooperError('LOOPER_RUN_NOT_FOUND', `there is no run ${params.run_id}`)
      return detailsOf(record)
    },
  )
}

function limitOf(given: unknown): number {
  if (given === undefined) return DEFAULT_LIMIT
  const limit = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : 0
  if (limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new LooperError('LOOPER_FIELD_INVALID', `'limit' must be a whole number from 1 to ${MAX_LIMIT}`)
}

function answer(request: RunRequest, workspace: string | null, result: RunResult, agent: Agent): RunAnswer {
  const { run } = result
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
