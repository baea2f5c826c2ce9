import { createListeners } from '../../base/listeners.ts'
import type { Loop, LoopRecords, LoopState, Progress, Round, RoundSteps } from './records.ts'

/**
 * What happens to loops. Of each round there are `iteration`, `monitor` where a command was run, `prompt`, and `response` or
 * `error`, in this order; `ended` or `paused` may follow. `changed`: something else is different now, such as what it is.
 */
export const LOOP_STEPS = [
  'started',
  'iteration',
  'monitor',
  'prompt',
  'response',
  'error',
  'paused',
  'ended',
  'changed',
] as const
/** Something that happens to a loop. */
export type LoopStepName = (typeof LOOP_STEPS)[number]

/** Something that has just been put on the record. */
export interface LoopStep {
  readonly step: LoopStepName
  /** As it stands after that. */
  readonly loop: Loop
  /** The round that it is about, if it is about one. */
  readonly round: Round | null
}

/** Takes steps. It must not throw, and must not wait. */
export type LoopListener = (step: LoopStep) => void

/** Tells what happens to all loops. */
export interface LoopSteps {
  /** Listens from now on; call what it returns to stop. */
  subscribe(listener: LoopListener): () => void
  /** Something about a loop is different that its records do not hold, such as its memories. */
  noteChange(loop: string): void
}

/** The same records, which tell what was put on them: that, as it stands there, and nothing else. */
export function observeLoops(records: LoopRecords): {
  readonly records: LoopRecords
  readonly steps: LoopSteps
} {
  const listeners = createListeners<LoopStep>()

  function tell(name: string, steps: readonly LoopStepName[], roundOf: () => Round | null): void {
    if (listeners.isEmpty()) return
    const [loop, round] = [records.find(name), roundOf()]
    if (loop !== null) for (const step of steps) listeners.tell({ step, loop, round })
  }

  return {
    steps: { subscribe: listeners.subscribe, noteChange: (name) => tell(name, ['changed'], () => null) },
    records: {
      ...records,
      define(name, definition) {
        records.define(name, definition)
        tell(name, ['changed'], () => null)
      },
      update(name, progress) {
        records.update(name, progress)
        tell(name, [stepOf(progress)], () => null)
      },
      remove(name) {
        const loop = records.find(name)
        records.remove(name)
        if (loop !== null) listeners.tell({ step: 'changed', loop, round: null })
      },
      beginRound(name, progress, begin) {
        records.beginRound(name, progress, begin)
        tell(name, ['iteration'], () => records.openRound(name))
      },
      stepRound(name, round, steps, progress = {}) {
        records.stepRound(name, round, steps, progress)
        const now = { ...round, ...steps }
        tell(name, roundStepsOf(steps, now, progress), () => now)
      },
    },
  }
}

const STEP_OF_STATE: Readonly<Partial<Record<LoopState, LoopStepName>>> = {
  starting: 'started',
  paused: 'paused',
  ended: 'ended',
}

const stepOf = ({ state, monitorOutput }: Partial<Progress>): LoopStepName =>
  (state && STEP_OF_STATE[state]) ?? (monitorOutput === undefined ? 'changed' : 'monitor')

function roundStepsOf(
  { prompt, endedAt }: Partial<RoundSteps>,
  now: Round,
  progress: Partial<Progress>,
): LoopStepName[] {
  if (!endedAt) return [prompt ? 'prompt' : stepOf(progress)]
  if (now.error !== null) return ['error', stepOf(progress)]
  return now.gate === 'nothing_to_do' ? [stepOf(progress)] : ['response', stepOf(progress)]
}
