import type { Binary } from '../agents/binary.ts'
import type { Announce } from '../notices/notice.ts'
import type { Identity } from '../processes/table.ts'
import type { AgentChoice } from './agent-choice.ts'
import type { Budget } from './budget/budget.ts'
import type { OnQuota } from './holds/hold.ts'
import type { Ending, RunEnd } from './outcome.ts'
import type { Footprint } from './room.ts'
import type { Check } from './verify/check.ts'
import type { Isolation } from './worktrees/isolation.ts'

/** What asked for a run. */
export const TRIGGERS = ['http', 'hook', 'autopoll', 'tool', 'chat', 'loop'] as const
/** What asked for a run. */
export type Trigger = (typeof TRIGGERS)[number]

/** What a launch needs to know; everything in it was checked. */
export interface LaunchRequest extends AgentChoice {
  /** 8 hex digits, with `auto` before them for the autopoll. */
  readonly requestId: string
  readonly trigger: Trigger
  /** The name of the token, or of the hook, or the run that asked; null where nobody was asked for one. */
  readonly caller: string | null
  /** Where at most one run lives; see `slots.ts`. */
  readonly slot: string
  /** A real path. */
  readonly workspace: string
  /** Whether it may work there beside others that may, too. */
  readonly sharesWorkspace: boolean
  /** How people call the run: see `run-name.ts`. */
  readonly name: string
  readonly prompt: string
  readonly binary: Binary
  /** 0: no limit. */
  readonly timeoutMs: number
  /** 0: no limit. */
  readonly stallMs: number
  /** What is to check its work; left out or null: nothing. */
  readonly check?: Check | null
  /** What it may use; left out or null: no limit. */
  readonly budget?: Budget | null
  /** That it gets a work tree of its own; left out or null: it works in its workspace. */
  readonly isolation?: Isolation | null
  /** What it wants where the usage limit of its agent is reached; left out: to be held. */
  readonly onQuota?: OnQuota
  /** Whether its agent may use the tools that are offered to runs; left out: it may. */
  readonly tools?: boolean
}

/** What a request does where an agent runs already; see `if-running.ts`. */
export const IF_RUNNING = ['replace', 'skip', 'queue', 'coalesce', 'resume'] as const
/** What a request does to an agent that runs already. */
export type IfRunning = (typeof IF_RUNNING)[number]

/** A whole request: announce, stop, and launch unless `launch` is null. */
export interface RunRequest {
  readonly requestId: string
  readonly caller: string | null
  readonly slot: string
  readonly message: string
  readonly notify: Announce
  /** Where the notice would go now, as one line. */
  readonly route: () => string
  readonly launch: LaunchRequest | null
  readonly delayMs: number
  /** Null: the agent's start is not checked. */
  readonly startupCheckMs: number | null
  /** What to do where an agent runs already. */
  readonly ifRunning: IfRunning
  /** The body that it was made of but for its prompt, as JSON: one that waits is made of it again. */
  readonly asked: string
}

/** A run from its launch on. */
export interface Run extends Footprint {
  readonly requestId: string
  readonly trigger: Trigger
  readonly name: string
  /** The argv as one shell-quoted line. */
  readonly command: string
  readonly logPath: string
  /** What leads its tree: the agent, or when that is gone, what checks its work. */
  readonly agent: Identity
  /** Behind which that is. */
  readonly wrapper: Identity
  /** Says why it is about to be ended; the first one counts. */
  expectEnd(ending: Ending): void
  /** Takes that back: it lives on all the same. */
  expectNoEnd(ending: Ending): void
  /** Resolves when the agent and what checks its work ended, the log is complete and nothing of its tree is left. Never rejects. */
  readonly ended: Promise<RunEnd>
}

/** What a request led to. */
export interface RunResult {
  readonly noticeOutput: string
  readonly stopped: readonly number[]
  readonly remaining: readonly number[]
  readonly run: Run | null
  /** 0 where the agent already ended well within the startup check, else null. */
  readonly startupReturnCode: number | null
}
