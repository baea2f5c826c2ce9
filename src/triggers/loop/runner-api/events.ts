import { isAtWork } from '../advance.ts'
import type { EndCause, PauseCause } from '../governor.ts'
import type { Loop, Round } from '../records.ts'
import type { LoopStep, LoopStepName } from '../steps.ts'
import type { RunnerConfig } from './config.ts'
import type { RunnerState } from './state.ts'

/** Something that happens, as Loop Runner tells it. */
export type RunnerEvent =
  | { readonly type: 'connected'; readonly state: RunnerState; readonly config: RunnerConfig }
  | { readonly type: 'state'; readonly state: RunnerState }
  | { readonly type: 'iteration'; readonly iteration: number }
  | { readonly type: 'monitor'; readonly output: string }
  | { readonly type: 'prompt'; readonly prompt: string; readonly iteration: number }
  | { readonly type: 'response'; readonly response: string; readonly iteration: number }
  /** Without an iteration: of the loop itself. */
  | { readonly type: 'error'; readonly message: string; readonly iteration?: number }
  | { readonly type: 'stopped' }
  | { readonly type: 'config'; readonly config: RunnerConfig }

/** Ends that somebody wished for; Loop Runner has no word for the others. */
const WISHED: readonly (EndCause | PauseCause | null)[] = [
  'stopped',
  'asked',
  'iterations',
  'verified',
  'completed',
]

/** What a step of the loop is in Loop Runner's words, in its order. Pure. @param state how far the loop is after it */
export function eventsOf({ step, loop, round }: LoopStep, state: RunnerState): RunnerEvent[] {
  return [...(round === null ? [] : ofRound(step, round)), ...ofLoop(step, loop, state)]
}

function ofRound(step: LoopStepName, round: Round): RunnerEvent[] {
  const { iteration } = round
  switch (step) {
    case 'iteration':
      return [{ type: 'iteration', iteration }]
    case 'prompt':
      return [{ type: 'prompt', prompt: String(round.prompt), iteration }]
    case 'response':
      return [{ type: 'response', response: round.response ?? '', iteration }]
    case 'error':
      return [{ type: 'error', message: String(round.error), iteration }]
    default:
      return []
  }
}

function ofLoop(step: LoopStepName, loop: Loop, state: RunnerState): RunnerEvent[] {
  switch (step) {
    case 'monitor':
      return [{ type: 'monitor', output: loop.monitorOutput }]
    case 'started':
    case 'response':
    case 'error':
      return [{ type: 'state', state }]
    case 'paused':
    case 'ended': {
      const why: RunnerEvent[] = WISHED.includes(loop.cause)
        ? []
        : [{ type: 'error', message: String(loop.why) }]
      // One that goes on by itself has not stopped.
      return [...why, isAtWork(loop) ? { type: 'state', state } : { type: 'stopped' }]
    }
    default:
      return []
  }
}
