import type { Finding } from '../base/finding.ts'
import type { Part, Reading } from '../settings/part.ts'
import type { AgentCore } from './agent-core.ts'

/** Why a run of an agent failed. */
export interface AgentFailure {
  /** In the agent's own words, as they came: they may be anything. */
  readonly cause: string
  /** What to do about it, in a sentence; null where nobody can say. */
  readonly remedy: string | null
}

/** Where an agent's program is, where no request names one. */
export interface ProgramSpec {
  /** Its name on `PATH`. */
  readonly name: string
  /** The path or name that the settings give; null: none. */
  readonly configured: string | null
  /** Builds of it beside the project, as relative paths; they go before `PATH`. */
  readonly builds: readonly string[]
}

/** A coding agent, as its settings want it: how to start it, how to read it, how to tell a live one. */
export interface Agent extends AgentCore {
  /** How sentences call its runs. */
  readonly title: string
  readonly program: ProgramSpec
  /** What to do where the program is not there or does not run, in a sentence. */
  readonly installRemedy: string
  /** The model where a request names none; null: the agent's own choice. */
  readonly model: string | null
  /** The owner's extra arguments. */
  readonly args: readonly string[]
  /** How it asks, and how it is confined, in its own words; null where it has none. */
  readonly approvalPolicy: string | null
  readonly sandbox: string | null
  /** Why it would surely refuse to work in a directory, in a sentence; null where it would not, or nobody can know. */
  workspaceRefusal(workspace: string, program: string): string | null
  /** Whether it would work in the default workspace, as far as that shows. */
  checkWorkspace(workspace: string): Finding
  /** The tokens a run used, from the last lines of its output; null where it does not tell them there. */
  tokensUsed(tail: string): number | null
  /**
   * When a run may succeed again that ended because its owner's usage limit is reached, in milliseconds since the
   * epoch; null where that is not why it ended, or the time is not known.
   * @param output the run's output; @param env the environment it ran with; @param endedAt when it ended, in the same unit
   */
  limitedUntil(output: string, env: NodeJS.ProcessEnv, endedAt: number): number | null
  /**
   * Why a run failed, from the end of its output; null where it does not tell. Only of one that did not end well is that true.
   * @param env the environment it ran with; @param endedAt when it ended, in milliseconds since the epoch
   */
  failureOf(output: string, env: NodeJS.ProcessEnv, endedAt: number): AgentFailure | null
}

/** What the settings of a kind of agents are read with. */
export interface AgentsReading extends Reading {
  /** The agents that there are already. */
  readonly agents: readonly Agent[]
}

/** A kind of agents. */
export interface AgentPlugin {
  /** The agents that its settings want: one, several or none. */
  readonly settings: Part<readonly Agent[], AgentsReading>
}
