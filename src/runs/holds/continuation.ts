import type { Agent } from '../../agents/agent.ts'
import { type Agents, agentOnRecord } from '../../agents/agents.ts'
import type { InterruptedRun } from '../../record/holds.ts'
import type { RunIntent, RunRecord } from '../../record/run-record.ts'
import type { Wait } from '../../record/waiting.ts'
import { followUpOf } from '../follow-up.ts'
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
  const inSession = canGoOn(run, agentOnRecord(agents, run.agent), env)
  const why = `The usage limit of ${run.agent} is reset, and the run goes on.`
  return followUpOf(run, { prompt: inSession ? promptOf(run) : run.prompt, why, inSession, now })
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
