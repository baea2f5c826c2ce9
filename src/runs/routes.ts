import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Agent } from '../agents/agent.ts'
import { LooperError } from '../errors.ts'
import { keyOf, once } from '../http/idempotency.ts'
import type { Ledger } from './ledger.ts'
import { cursorAt, ListQuery, readListQuery } from './list-query.ts'
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

const RunParams = Type.Object({ run_id: Type.String() })

/** `POST /run`, `GET /runs`, `GET /runs/current`, `GET /runs/:run_id`. */
export const runRoutes: FastifyPluginAsyncTypebox<RunRoutesOptions> = async (
  app,
  { runs, ledger, agent, defaults, now },
) => {
  app.post(
    '/run',
    { schema: { body: RunBody, response: { 200: RunAnswer } }, config: { scope: 'run' } },
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
    { schema: { querystring: ListQuery, response: { 200: RunList } }, config: { scope: 'read' } },
    async ({ query }) => {
      const asked = readListQuery(query)
      // One more than asked for tells whether there is a next page.
      const found = ledger.list({ ...asked, limit: asked.limit + 1 })
      const page = found.slice(0, asked.limit)
      const last = found.length > page.length ? page.at(-1) : undefined
      return { runs: page.map(summaryOf), next_cursor: last ? cursorAt(last.seq) : null }
    },
  )

  app.get(
    '/runs/current',
    { schema: { response: { 200: RunDetails } }, config: { scope: 'read' } },
    async () => {
      const live = runs.live().at(-1)
      const record = live && ledger.find(live.runId)
      if (!record) throw new LooperError('LOOPER_RUN_NOT_FOUND', 'nothing runs')
      return detailsOf(record)
    },
  )

  app.get(
    '/runs/:run_id',
    { schema: { params: RunParams, response: { 200: RunDetails } }, config: { scope: 'read' } },
    async ({ params }) => {
      const record = ledger.find(params.run_id)
      if (!record) throw new LooperError('LOOPER_RUN_NOT_FOUND', `there is no run ${params.run_id}`)
      return detailsOf(record)
    },
  )
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
