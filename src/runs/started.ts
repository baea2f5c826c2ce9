import type { LooperError } from '../base/errors.ts'
import type { Begun } from './beginnings.ts'
import type { Obstacle } from './occupation.ts'
import type { Run } from './run.ts'
import type { Waiting } from './waiting.ts'

/** What came of the idle launch. */
export type IdleOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: Obstacle | 'declined' }
  /** What is in other slots is in the way, the usage limit of its agent is reached, or the budget of the day. */
  | { readonly kind: 'no_room'; readonly why: LooperError }

/** What became of a request at once. */
export type Started =
  /** It has taken the slot, or waits for the launch that holds it. */
  | ({ readonly kind: 'started' } & Begun)
  | Waiting
  /** It asked to be skipped where something runs, and something does. */
  | { readonly kind: 'skipped'; readonly obstacle: Obstacle }
