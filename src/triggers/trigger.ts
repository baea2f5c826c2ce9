import type { ErrorKind } from '../base/error-kinds.ts'
import type { Finding } from '../base/finding.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import type { TablePlan } from '../record/own-tables.ts'
import type { RunSettings } from '../runs/settings.ts'
import type { Part, Reading } from '../settings/part.ts'

/** What the settings of a trigger are read with: what a run is made of where nobody says so. */
export interface TriggerReading extends Reading {
  readonly launch: Pick<RunSettings['launch'], 'workspace' | 'prompt'>
}

/** What must never reach an agent, a log or an answer. */
export interface TriggerSecrets {
  readonly values: readonly string[]
  /** The variables that hold them. */
  readonly variables: readonly string[]
}

/** Something that asks for runs, as its settings want it. */
export interface Trigger {
  /** The file of its owner; null: it has none. */
  readonly file: string | null
  /** As they are now. @throws {Error} where its file is unusable */
  secrets(env: NodeJS.ProcessEnv): TriggerSecrets
  /** What of it can be checked without running anything; nothing where it is off. */
  findings(env: NodeJS.ProcessEnv): readonly Finding[]
  open(parts: Parts): Opened
}

/** A kind of triggers. */
export interface TriggerPlugin {
  readonly settings: Part<Trigger, TriggerReading>
  /** The tables that are its own, if it has any. */
  readonly tables?: TablePlan
  /** What may go wrong with it alone. */
  readonly errors: readonly ErrorKind[]
}
