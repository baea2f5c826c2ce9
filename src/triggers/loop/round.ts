import { MAX_SECONDS } from '../../base/clock.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { hasFailed } from '../../runs/outcome.ts'
import type { RunBody } from '../../runs/run-body.ts'
import type { RoundFacts } from './governor.ts'
import { limitsOf, slotOf } from './loop.ts'
import { roundPrompt } from './prompt.ts'
import type { Loop } from './records.ts'

/** What the prompt of a round is made of besides its loop. */
export interface RoundTexts {
  readonly hint: string
  readonly persistent: string
  readonly working: string
  readonly gateOutput: string | null
}

/** Of a round that nobody has told anything yet. */
export const NO_TEXTS: RoundTexts = { hint: '', persistent: '', working: '', gateOutput: null }

/** The prompt of the round that runs. Pure. */
export const promptOf = (
  { definition, lastOutput, monitorOutput, iteration }: Loop,
  { hint, persistent, working, gateOutput }: RoundTexts,
): string =>
  roundPrompt({
    persistent,
    working,
    monitorOutput: definition.monitor == null ? '' : monitorOutput,
    gateOutput: gateOutput ?? '',
    previousResponse: lastOutput,
    hint,
    user: definition.user,
    iteration,
  })

/**
 * The request for the run of a round, which lasts no longer than its loop. Pure.
 * @param now milliseconds since the epoch @param timeoutMs of runs for which nobody says it; 0: no limit
 */
export function roundBody(loop: Loop, prompt: string, now: number, timeoutMs: number): RunBody {
  const { name, definition, iteration, startedAt, lastRunId } = loop
  const { timeMs } = limitsOf(definition)
  // One that goes on in a session knows what it was told at its beginning.
  const goesOn = definition.session === 'continue' && lastRunId !== null
  const left = timeMs === null ? 0 : Math.max(1000, timeMs - (now - (startedAt ?? now)))
  const timeouts = [timeoutMs, left].filter((ms) => ms > 0)
  return {
    zulip_message: `Loop ${name}, round ${iteration}`,
    codex_prompt: prompt,
    slot: slotOf(name),
    workspace: definition.workspace ?? null,
    agent: definition.agent ?? null,
    model: definition.model ?? null,
    system_prompt: goesOn ? null : (definition.system ?? null),
    resume: goesOn ? lastRunId : null,
    verify: definition.verify ?? '',
    timeout_seconds: timeouts.length === 0 ? 0 : Math.min(MAX_SECONDS, Math.min(...timeouts) / 1000),
    // A loop waits for the reset by itself.
    on_quota: 'fail',
  }
}

/** Whether a run came to its end without somebody who wanted something else in its place. */
export const endedByItself = ({ outcome }: RunRecord): boolean =>
  outcome !== 'stopped' && outcome !== 'replaced'

/** What is known of a round by its run, which has ended. Pure. */
export function factsOf(run: RunRecord): RoundFacts {
  const { outcome, returnCode, cause, reply, verdict, errorKind, changes, usage, tokensUsed, costUsd } = run
  const isBad = hasFailed({ outcome, returnCode }) || errorKind !== null
  return {
    reply: reply ?? '',
    verdict,
    failure: isBad ? (cause ?? failureOf(returnCode)) : null,
    isQuota: errorKind === 'quota',
    isChanged: changes && changes.commits + changes.files > 0,
    tokens: tokensUsed ?? usage?.total ?? 0,
    costUsd: costUsd ?? 0,
  }
}

const failureOf = (returnCode: number | null) =>
  returnCode === 0 ? 'the agent ended without an answer' : `the agent exited with ${returnCode}`
