import type { Logger } from 'pino'
import { messageOf } from '../../../base/errors.ts'
import { createListeners } from '../../../base/listeners.ts'
import type { LoopStep, LoopSteps } from '../steps.ts'
import type { RunnerConfig } from './config.ts'
import { eventsOf, type RunnerEvent } from './events.ts'
import type { RunnerState } from './state.ts'

/** What is heard of the loop by whoever looks at it with Loop Runner's words. */
export interface RunnerHearing {
  /** How things are, for who is about to listen. */
  connected(): RunnerEvent
  /** Listens from now on; call what it returns to stop. The listener must not throw, and must not wait. */
  subscribe(listener: (event: RunnerEvent) => void): () => void
  /** Does what changes the configuration, which is told once, however many things it changes. */
  changing(work: () => void): void
  /** Tells that something went wrong before there was an iteration. */
  failed(message: string): void
}

/** What it takes. */
export interface RunnerHearingDeps {
  /** Of all loops. */
  readonly steps: Pick<LoopSteps, 'subscribe'>
  readonly name: string
  config(): RunnerConfig
  /** With its newest entry of history alone. */
  state(): RunnerState
  readonly logger: Logger
}

/** Costs nothing while nobody listens. */
export function createHearing({ steps, name, config, state, logger }: RunnerHearingDeps): RunnerHearing {
  const listeners = createListeners<RunnerEvent>()
  let toldConfig = ''
  let toldRunning = false
  let toldPrompt = 0
  let isChanging = false

  function tell(event: RunnerEvent): void {
    if (event.type === 'state') toldRunning = event.state.running
    if (event.type === 'stopped') toldRunning = false
    listeners.tell(event)
  }

  /** Memories are also written by hand, by agents, and by the loop itself. */
  function tellConfig(): void {
    const now = config()
    const text = JSON.stringify(now)
    if (text !== toldConfig) tell({ type: 'config', config: now })
    toldConfig = text
  }

  function hear(step: LoopStep): void {
    if (step.loop.name !== name || isChanging || listeners.isEmpty()) return
    try {
      const now = state()
      for (const event of eventsOf(step, now)) if (!isAgain(step, event)) tell(event)
      // Such as one that was paused, and goes on.
      if (step.step === 'changed' && now.running !== toldRunning) tell({ type: 'state', state: now })
      tellConfig()
    } catch (error) {
      logger.error({ loop: name, error: messageOf(error) }, 'loop.events.fail')
    }
  }

  /** A round has one prompt, however often its launch is tried. */
  function isAgain({ round }: LoopStep, { type }: RunnerEvent): boolean {
    if (type !== 'prompt' || round === null) return false
    const isTold = toldPrompt === round.id
    toldPrompt = round.id
    return isTold
  }

  steps.subscribe(hear)
  return {
    subscribe: listeners.subscribe,
    connected() {
      const now = { state: state(), config: config() }
      if (listeners.isEmpty()) {
        toldRunning = now.state.running
        toldConfig = JSON.stringify(now.config)
      }
      return { type: 'connected', ...now }
    },
    changing(work) {
      isChanging = true
      try {
        work()
      } finally {
        isChanging = false
      }
      toldConfig = ''
      tellConfig()
    },
    failed: (message) => tell({ type: 'error', message }),
  }
}
