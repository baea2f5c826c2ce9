import type { ErrorKind, Usage } from '../agents/agent-events.ts'
import type { Said } from '../agents/said.ts'
import type { Identity } from '../processes/table.ts'
import type { OnQuota } from '../runs/holds/hold.ts'
import type { RunEnd } from '../runs/outcome.ts'
import type { Trigger } from '../runs/run.ts'
import type { Budgeted, BudgetOnRecord } from './budget.ts'
import type { ChangesOnRecord, ChangesStep } from './changes.ts'
import type { TokenOnRecord } from './run-token.ts'
import type { SilenceOnRecord } from './silence.ts'
import type { Checked, CheckOnRecord, ToCheck } from './verify.ts'
import type { WorktreeOnRecord, WorktreeStep } from './worktree.ts'

/** What is known of a run before anything happens. */
export interface RunIntent extends ToCheck, Budgeted {
  readonly runId: string
  readonly requestId: string
  readonly trigger: Trigger
  /** The name of the token, or of the hook, that asked; null where nobody was asked for one. */
  readonly caller: string | null
  /** How people call it: see `run-name.ts`. */
  readonly name: string
  readonly agent: string
  /** As the agent calls it; null: the agent's own choice. */
  readonly model: string | null
  readonly slot: string
  readonly workspace: string
  /** Whether it may work there beside others that may, too. */
  readonly sharesWorkspace: boolean
  readonly prompt: string
  readonly binary: string
  /** 0: none. */
  readonly timeoutMs: number
  /** 0: none. */
  readonly stallMs: number
  /** Milliseconds since the epoch, as all times here. */
  readonly requestedAt: number
  /** The session it goes on in; left out or null: it begins one. */
  readonly session?: string | null
  /** What was asked for, but for the prompt, as JSON; left out or null: nobody asked. */
  readonly asked?: string | null
  /** Left out: it does not go on where a usage limit interrupts it. */
  readonly onQuota?: OnQuota
}

/** What the next steps add, each when it is done. */
export interface RunProgress extends ChangesStep, WorktreeStep, Partial<SilenceOnRecord> {
  readonly announcedAt?: number
  readonly notice?: string
  /** Null where there is no message that could be edited. */
  readonly noticeId?: number | null
  /** What the notice said. */
  readonly noticeText?: string
  readonly stoppedAt?: number
  readonly stoppedPids?: readonly number[]
  readonly command?: string
  readonly logPath?: string
  readonly headerBytes?: number
  readonly launchedAt?: number
  readonly agentIdentity?: Identity
  readonly wrapperIdentity?: Identity
  readonly mirroredBytes?: number
  readonly nearAt?: number
  readonly said?: Said
  /** Of its own token. */
  readonly tokenSha256?: string
}

/** What the end adds. */
export interface RunFinish extends RunEnd, Checked {
  readonly endedAt: number
  readonly outputBytes: number | null
  readonly tokensUsed: number | null
}

/** A run on the record, as lists show it. */
export interface ListedRun
  extends Omit<RunIntent, 'prompt' | 'check' | 'session' | 'budget' | 'asked' | 'onQuota'>,
    CheckOnRecord,
    ChangesOnRecord,
    WorktreeOnRecord,
    TokenOnRecord,
    SilenceOnRecord,
    BudgetOnRecord {
  /** Grows with each run. */
  readonly seq: number
  /** Whether it waits for its slot: it is on the record, and nothing was launched yet. */
  readonly isWaiting: boolean
  readonly announcedAt: number | null
  readonly notice: string | null
  readonly noticeId: number | null
  readonly stoppedAt: number | null
  readonly stoppedPids: readonly number[]
  readonly logPath: string | null
  readonly headerBytes: number
  readonly launchedAt: number | null
  readonly agentIdentity: Identity | null
  readonly wrapperIdentity: Identity | null
  readonly mirroredBytes: number
  readonly endedAt: number | null
  /** Null while the run lives. */
  readonly outcome: RunEnd['outcome'] | null
  readonly returnCode: number | null
  readonly cause: string | null
  readonly remedy: string | null
  readonly outputBytes: number | null
  readonly tokensUsed: number | null
  /** As the agent calls it; null: not known (yet). */
  readonly sessionId: string | null
  /** Of this run, as far as the agent told it. */
  readonly usage: Usage | null
  /** In US dollars; null: not known. */
  readonly costUsd: number | null
  readonly turns: number | null
  readonly errorKind: ErrorKind | null
}

/** A run on the record with its long texts. */
export interface RunRecord extends ListedRun {
  readonly prompt: string
  readonly noticeText: string | null
  readonly command: string | null
  /** The last that the agent said; null: nothing, or it is not known. */
  readonly reply: string | null
}

/** What is left of a run that ended. */
export interface EndedRun extends Pick<RunRecord, 'runId' | 'logPath'> {
  readonly endedAt: number
}
