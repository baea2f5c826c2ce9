import type { Finding } from '../base/finding.ts'
import type { Part } from '../settings/part.ts'

/** How an agent is started for one run. */
export interface AgentCommand {
  /** The program and its arguments. */
  readonly argv: readonly string[]
  /** What the agent reads on stdin; null: `/dev/null`. */
  readonly stdin: string | null
}

/** What a launch hands to an agent. */
export interface AgentTask {
  readonly binary: string
  readonly workspace: string
  readonly prompt: string
  /** The run's cookie, to be handed down to every tool the agent starts. */
  readonly runId: string
}

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

/** A coding agent: how to start it, and how to tell a live one in the process table. Pure. */
export interface Agent {
  readonly name: string
  readonly program: ProgramSpec
  /** What to do where the program is not there or does not run, in a sentence. */
  readonly installRemedy: string
  readonly approvalPolicy: string
  readonly sandbox: string
  command(task: AgentTask): AgentCommand
  /** Why it would surely refuse to work in a directory, in a sentence; null where it would not, or nobody can know. */
  refusalOf(workspace: string, program: string): string | null
  /** Whether it would work in the default workspace, as far as that shows. */
  checkWorkspace(workspace: string): Finding
  /** The tokens a run used, from the last lines of its output; null where it does not tell. */
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
  /** True where this argv is a run of the agent, and not something that merely mentions one. */
  isRun(argv: readonly string[]): boolean
}

/** A kind of agents. */
export interface AgentPlugin {
  readonly settings: Part<Agent>
}
