import { randomUUID } from 'node:crypto'
import type { Agent } from '../../agents/agent.ts'
import { type Agents, agentOnRecord } from '../../agents/agents.ts'
import type { InterruptedRun } from '../../record/holds.ts'
import type { RunIntent, RunRecord } from '../../record/run-record.ts'
import type { Wait } from '../../record/waiting.ts'
import { askedAgain, withoutNulls } from '../asked-again.ts'
import { MAX_PROMPT_BYTES } from '../prompt.ts'

/** What an agent is told that goes on in its session. */
const GO_ON = 'A usage limit interrupted you; it is reset now. Go on with your task where you stopped.'

/** Whether a run got something done, as far as its agent told. */
export const hasWorked = ({ reply, usage }: Pick<RunRecord, 'reply' | 'usage'>): boolean =>
  reply !== null || (usage?.total ?? usage?.output ?? 0) > 0

/**
 * The run that goes on with one that a usage limit interrupted: in its session, where the agent has told one and can go on in
 * it, else from the beginning. One that went on itself, and met the limit before it told a session, is of that it went on in. The
 * next one of its slot.
 */
export function continuationOf(
  run: InterruptedRun,
  {
    agents,
    env,
    now,
  }: { readonly agents: Agents; readonly env: () => NodeJS.ProcessEnv; readonly now: number },
): { readonly intent: RunIntent; readonly wait: Wait } {
  const first: Record<string, unknown> = run.asked ? JSON.parse(run.asked) : {}
  const resume = canGoOn(run, agentOnRecord(agents, run.agent), env) ? run.runId : null
  const asked = {
    ...first,
    // Its first line is the name of the run.
    zulip_message: `${run.name}\nThe usage limit of ${run.agent} is reset, and the run goes on.`,
    ...askedAgain(run),
    // The session began with it.
    system_prompt: resume === null ? first.system_prompt : undefined,
    resume: resume ?? undefined,
    if_running: 'queue',
    wait: undefined,
    on_quota: 'hold',
  }
  const intent: RunIntent = {
    runId: randomUUID(),
    // A log is found by it.
    requestId: (run.trigger === 'autopoll' ? 'auto' : '') + randomUUID().slice(0, 8),
    trigger: run.trigger,
    caller: run.caller,
    name: run.name,
    agent: run.agent,
    model: run.model,
    slot: run.slot,
    workspace: run.workspace,
    sharesWorkspace: run.sharesWorkspace,
    prompt: resume === null ? run.prompt : promptOf(run),
    binary: run.binary,
    timeoutMs: run.timeoutMs,
    stallMs: run.stallMs,
    check: run.check,
    budget: run.budget,
    onQuota: 'hold',
    session: resume === null ? null : run.sessionId,
    requestedAt: now,
  }
  return { intent, wait: { ifRunning: 'queue', asked: withoutNulls(asked), place: 'first' } }
}

/** A session that was told may never have been written; one whose task stands nowhere else is asked for all the same, and refused. */
function canGoOn(
  { sessionId, workspace, prompt }: InterruptedRun,
  agent: Agent,
  env: () => NodeJS.ProcessEnv,
): boolean {
  if (sessionId === null || !agent.can.resume) return false
  return prompt === GO_ON || agent.sessionExists(sessionId, env(), workspace) !== false
}

/** A session that was interrupted before anything was done may not have its task. */
function promptOf(run: InterruptedRun): string {
  if (hasWorked(run)) return GO_ON
  const whole = run.prompt.startsWith(GO_ON) ? run.prompt : `${GO_ON}\n\n${run.prompt}`
  return Buffer.byteLength(whole) <= MAX_PROMPT_BYTES ? whole : GO_ON
}
