import type { Parts } from '../parts.ts'
import type { Opened, StatusPart } from '../plugin.ts'

/** What views are opened with: the parts, and what the other plug-ins tell. */
export interface ViewParts extends Parts {
  readonly statusParts: readonly StatusPart[]
}

/** A way to look at the service. */
export interface ViewPlugin {
  open(parts: ViewParts): Opened
}
