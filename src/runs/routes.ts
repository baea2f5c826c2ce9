import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Agent } from '../agents/agent.ts'
import { prepareRun, type RequestDefaults } from './request.ts'
import type { RunRequest, RunResult } from './run.ts'
import type { Runs } from './runs.ts'
import { RunAnswer, RunBody } from './schemas.ts'

/** What the routes of runs need. */
export interface RunRoutesOptions {
  readonly runs: Runs
  readonly agent: Agent
  readonly defaults: RequestDefaults
}

/** `POST /run`. */
export const runRoutes: FastifyPluginAsyncTypebox<RunRoutesOptions> = async (
  app,
  { runs, agent, defaults },
) => {
  app.post('/run', { schema: { body: RunBody, response: { 200: RunAnswer } } }, async ({ body, id }) => {
    const { request, workspace } = await prepareRun(body, id, defaults)
    return answer(request, workspace, await runs.run(request), agent)
  })
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
