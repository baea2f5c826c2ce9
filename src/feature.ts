import type { Parts } from './parts.ts'
import type { Opened } from './plugin.ts'
import type { Part } from './settings/part.ts'

/** Something that the service does besides, as its settings want it. */
export interface Feature {
  open(parts: Parts): Opened
}

/** A kind of features. */
export interface FeaturePlugin {
  readonly settings: Part<Feature>
}
