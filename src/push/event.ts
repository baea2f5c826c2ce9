import type { Want } from './device.ts'

/** Something that devices are told of, each once. */
export interface PushEvent {
  /** What is told again under the same one is no news. */
  readonly key: string
  readonly want: Want
  /** When it happened, in milliseconds since the epoch; a device that came later is not told. */
  readonly at: number
  /** When it is no news any more. */
  readonly expiresAt: number
  readonly isUrgent: boolean
  /** The key of what it ends; only devices that were told of that are told of its end. Null: it ends nothing. */
  readonly after: string | null
  /** A device that was told of something whose key begins so is not told of this. Null: of whatever else it was told. */
  readonly unless: string | null
  readonly shown: Shown
}

/** What a device shows. */
export interface Shown {
  /** It takes the place of what is shown under the same tag. */
  readonly tag: string
  readonly title: string
  readonly body: string
  /** Where a tap leads to on the dashboard: what follows its address. */
  readonly to: string
  /** What can be answered. */
  readonly choices: readonly string[]
  /** A moment that the body has as `{time}`, each device in its own zone; null: none. */
  readonly time: number | null
  /** Whether it makes no sound, and wakes nobody. */
  readonly isQuiet: boolean
}

/** What happened before is no news any more, in milliseconds. */
export const NEWS_MS = 86_400_000
