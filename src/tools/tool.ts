import type { Static, TSchema } from '../base/schema.ts'
import type { Caller, Scope } from '../http/tokens.ts'
import type { RunRecord } from '../record/run-record.ts'

/** Something that can be done through Looper, for whoever its token says. */
interface ToolFor<Who, S extends TSchema> {
  /** As agents call it. */
  readonly name: string
  /** When to use it, and what it does: each word of it is read by a model in each run. */
  readonly description: string
  readonly input: S
  /** Whether it changes nothing. */
  readonly isReadOnly: boolean
  /**
   * Does it for them, and tells what came of it.
   * @throws {Error} with a sentence for the agent
   */
  call(args: Static<S>, who: Who, signal: AbortSignal): Promise<string | Readonly<Record<string, unknown>>>
}

/** Something that the agent of a run can do through Looper. */
export interface Tool<S extends TSchema = TSchema> extends ToolFor<RunRecord, S> {
  /** Whether the agent of a run is shown it; without it, every one is. */
  isFor?(run: RunRecord): boolean
}

/** Something that a person's own agent can do, with a token of the service; null where nobody is asked for one. */
export interface PersonTool<S extends TSchema = TSchema> extends ToolFor<Caller | null, S> {
  /** What the token has to allow: as the route that does the same. */
  readonly scope: Scope
}

/** A tool whose arguments are what its schema says. */
export const tool = <S extends TSchema>(made: Tool<S>): Tool => made

/** A person's tool whose arguments are what its schema says. */
export const personTool = <S extends TSchema>(made: PersonTool<S>): PersonTool => made
