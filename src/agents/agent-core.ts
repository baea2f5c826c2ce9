import type { AgentReader } from './agent-events.ts'
import type { SessionPlace } from './session-place.ts'
import type { SessionStore } from './session-store.ts'
import type { UsageNotes } from './usage-notes.ts'

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
  /** What it may cost in US dollars, more than 0, where the agent can hold that by itself. */
  readonly maxCostUsd?: number | null
  /** The tools of its run; left out or null: none. Only an agent that takes them is handed any. */
  readonly tools?: ToolsAccess | null
}

/** Where an agent finds the tools that Looper has for its run. */
export interface ToolsAccess {
  /** The MCP endpoint (streamable HTTP), as the agent's own machine reaches it. */
  readonly url: string
  /** Opens it for this run, as long as the run lives; never to be put into an argument. */
  readonly token: string
}

/** How long a call of such a tool may take, in milliseconds: it may wait for a person. */
export const TOOL_CALL_MS = 86_400_000

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
  /** Its models have the name of their provider before them, as `provider/model`. */
  readonly namesProviders?: true
  /** Whether it tells, after each call of its model or each turn, the tokens that it used and what they cost. */
  readonly tells: { readonly tokens: boolean; readonly cost: boolean }
  /** Where it notes what it uses while its output does not tell that yet; left out: its output tells. */
  readonly notes?: UsageNotes
  /** How it likes to be stopped, and how long it may take. */
  readonly stop: { readonly signal: 'SIGINT' | 'SIGTERM'; readonly graceMs: number }
  /** Arguments that tell about it without a call of a model; null where it has none. */
  readonly probe: {
    readonly version: readonly string[] | null
    readonly help: readonly string[] | null
    readonly login: readonly string[] | null
    readonly models: readonly string[] | null
  }
  /** It can be told where its run's tools are, for one run and beside the owner's own. In a shell they are commands of `looper`. */
  readonly takesTools?: true
  command(task: AgentTask): AgentCommand
  /** Why this task cannot be started, in a sentence; null where it can. */
  refusalOf(task: AgentTask): string | null
  read(): AgentReader
  /** It tells a tool call only when that has ended: what began in its tree after its last word is one at work. */
  readonly tellsCallsLate?: true
  /** True where this argv is a run of the agent, and not something that merely mentions one. */
  isRun(argv: readonly string[]): boolean
  /** Whether a text has the form of its session ids. */
  isSession(id: string): boolean
  /** Whether a session can be gone on in, by the agent's own files; null where nobody can say. Never throws. */
  sessionExists(id: string, env: NodeJS.ProcessEnv, workspace: string): boolean | null
  /**
   * Where it keeps what it writes of sessions, in files or folders of their own that nothing else is in; none where it has
   * no such ones.
   */
  sessionPlaces(env: NodeJS.ProcessEnv): readonly SessionPlace[]
  /** Where it keeps all sessions together; left out: it has no such place, or deletes nothing of it. */
  readonly sessionStore?: SessionStore
  /** From the output of the probes: */
  versionOf(output: string): string | null
  isLoggedIn(output: string, status: number): boolean | null
  modelsOf(output: string): readonly string[]
  optionsKnown(help: string): readonly string[]
}
