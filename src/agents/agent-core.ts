import type { AgentReader } from './agent-events.ts'

/** What a launch hands to an agent. What is null was not asked for. */
export interface AgentTask {
  readonly binary: string
  readonly workspace: string
  readonly prompt: string
  /** The run's cookie, to be handed down to every tool the agent starts. */
  readonly runId: string
  /** The run's own folder, mode 0700, which is removed with the run. */
  readonly dir: string
  readonly model: string | null
  /** Counts where a session begins: most agents keep the one that their session began with. */
  readonly system: string | null
  /** The session to go on in. */
  readonly session: string | null
  /** The owner's extra arguments. */
  readonly args: readonly string[]
}

/** How an agent is started for one run. */
export interface AgentCommand {
  /** The program and its arguments. */
  readonly argv: readonly string[]
  /** What the agent reads on stdin; null: `/dev/null`. */
  readonly stdin: string | null
  /** Added to the run's environment; null: taken out of it. */
  readonly env: Readonly<Record<string, string | null>>
  /** Absolute path to content, to be written with mode 0600 before the launch. */
  readonly files: Readonly<Record<string, string>>
}

/** What every agent has, by its own folder. Pure, but for `sessionExists`, which looks at the agent's own files. */
export interface AgentCore {
  readonly name: string
  readonly can: { readonly resume: boolean; readonly system: boolean; readonly model: boolean }
  /** How it likes to be stopped, and how long it may take. */
  readonly stop: { readonly signal: 'SIGINT' | 'SIGTERM'; readonly graceMs: number }
  /** Arguments that tell about it without a call of a model; null where it has none. */
  readonly probe: {
    readonly version: readonly string[] | null
    readonly help: readonly string[] | null
    readonly login: readonly string[] | null
    readonly models: readonly string[] | null
  }
  command(task: AgentTask): AgentCommand
  /** Why this task cannot be started, in a sentence; null where it can. */
  refusalOf(task: AgentTask): string | null
  read(): AgentReader
  /** True where this argv is a run of the agent, and not something that merely mentions one. */
  isRun(argv: readonly string[]): boolean
  /** Whether a text has the form of its session ids. */
  isSession(id: string): boolean
  /** Whether a session can be gone on in, by the agent's own files; null where nobody can say. Never throws. */
  sessionExists(id: string, env: NodeJS.ProcessEnv, workspace: string): boolean | null
  /** From the output of the probes: */
  versionOf(output: string): string | null
  isLoggedIn(output: string, status: number): boolean | null
  modelsOf(output: string): readonly string[]
  optionsKnown(help: string): readonly string[]
}
