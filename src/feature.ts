import type { ErrorKind } from './base/error-kinds.ts'
import type { Parts } from './parts.ts'
import type { Opened } from './plugin.ts'
import type { TablePlan } from './record/own-tables.ts'
import { type Part, part } from './settings/part.ts'

/** Something that the service does besides, as its settings want it. */
export interface Feature {
  open(parts: Parts): Opened
}

/** A kind of features. */
export interface FeaturePlugin {
  readonly settings: Part<Feature>
  /** The tables that are its own, if it has any. */
  readonly tables?: TablePlan
  /** What may go wrong with it alone. */
  readonly errors?: readonly ErrorKind[]
}

/** The settings of a feature that has none of its own. */
export const noSettings = (open: Feature['open']): Part<Feature> => part('Tools', {}, () => ({ open }))
