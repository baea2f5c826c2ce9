import type { Static, TSchema } from '../base/schema.ts'
import type { RunRecord } from '../record/run-record.ts'

/** Something that the agent of a run can do through Looper. */
export interface Tool<S extends TSchema = TSchema> {
  /** As agents call it. */
  readonly name: string
  /** When to use it, and what it does: each word of it is read by a model in each run. */
  readonly description: string
  readonly input: S
  /** Whether it changes nothing. */
  readonly isReadOnly: boolean
  /**
   * Does it for that run, and tells what came of it.
   * @throws {Error} with a sentence for the agent
   */
  call(
    args: Static<S>,
    run: RunRecord,
    signal: AbortSignal,
  ): Promise<string | Readonly<Record<string, unknown>>>
}

/** A tool whose arguments are what its schema says. */
export const tool = <S extends TSchema>(made: Tool<S>): Tool => made
