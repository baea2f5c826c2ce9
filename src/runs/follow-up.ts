import { randomUUID } from 'node:crypto'
import type { InterruptedRun } from '../record/holds.ts'
import type { RunIntent } from '../record/run-record.ts'
import type { Wait } from '../record/waiting.ts'
import { askedAgain, withoutNulls } from './asked-again.ts'

/** How a run goes on with an earlier one. */
export interface FollowUp {
  readonly prompt: string
  /** Why it goes on, in a sentence. */
  readonly why: string
  /** Whether it goes on in its session; else it begins again. */
  readonly inSession: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The run that goes on with an earlier one, as all that was asked for but for the prompt: the next one of its slot. */
export function followUpOf(
  run: InterruptedRun,
  { prompt, why, inSession, now }: FollowUp,
): { readonly intent: RunIntent; readonly wait: Wait } {
  const first: Record<string, unknown> = run.asked ? JSON.parse(run.asked) : {}
  const asked = {
    ...first,
    // Its first line is the name of the run.
    zulip_message: `${run.name}\n${why}`,
    ...askedAgain(run),
    // The session began with it.
    system_prompt: inSession ? undefined : first.system_prompt,
    resume: inSession ? run.runId : undefined,
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
    prompt,
    binary: run.binary,
    timeoutMs: run.timeoutMs,
    stallMs: run.stallMs,
    check: run.check,
    budget: run.budget,
    onQuota: 'hold',
    session: inSession ? run.sessionId : null,
    requestedAt: now,
  }
  return { intent, wait: { ifRunning: 'queue', asked: withoutNulls(asked), place: 'first' } }
}
