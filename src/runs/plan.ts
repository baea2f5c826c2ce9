import { shellQuote } from '../base/shell-quote.ts'
import { ageMs } from './age.ts'
import { mayWait } from './if-running.ts'
import type { Occupation } from './occupation.ts'
import type { ResetDeps } from './reset.ts'
import type { LaunchRequest, Run, RunRequest } from './run.ts'
import type { RunTokens } from './run-tokens.ts'
import { mayUseTools, TO_COME, taskOf } from './task.ts'

/** What a request would do, were it made now. */
export interface Plan {
  /** `blocked`: an agent cannot be stopped, so nothing would be launched beside it. */
  readonly would: 'run' | 'wait' | 'stop_only' | 'skip' | 'busy' | 'blocked'
  readonly notice: { readonly message: string; readonly route: string }
  /** The agents that it would stop, each with all that belongs to it. */
  readonly stop: readonly PlannedStop[]
  readonly launch: PlannedLaunch | null
}

/** An agent that would be stopped. */
export interface PlannedStop {
  readonly pid: number
  /** Null where this service did not launch it. */
  readonly runId: string | null
  /** How people call its run; null where this service did not launch it. */
  readonly name: string | null
  /** How long it has run, in whole seconds; null where that is not known. */
  readonly ageSeconds: number | null
  /** Its argv as one shell-quoted line. */
  readonly command: string
  /** False where the agent became another user's. */
  readonly stoppable: boolean
}

/** What would be launched. */
export interface PlannedLaunch extends LaunchRequest {
  readonly argv: readonly string[]
  readonly delayMs: number
}

/** What else keeps a request from beginning. */
export interface InTheWay {
  /** What is in other slots. */
  readonly hasNoRoom: boolean
  /** The usage limit of its agent. */
  readonly isHeld: boolean
}

/** What planning needs. */
export interface PlanDeps extends ResetDeps {
  readonly tokens?: Pick<RunTokens, 'planned'>
}

/** Looks what a request would do, and does nothing. */
export async function planOf(
  request: RunRequest,
  own: readonly Run[],
  { agents, obstacle }: Occupation,
  { hasNoRoom, isHeld }: InTheWay,
  deps: PlanDeps,
): Promise<Plan> {
  const { launch, message, route, delayMs } = request
  const waits = isHeld || (request.launch !== null && mayWait(request.ifRunning))
  const stop = new Set(waits ? [] : agents)
  const planned: PlannedStop[] = []
  for (const { pid, argv } of await deps.table.commands()) {
    if (!stop.has(pid)) continue
    const run = own.find(({ agent }) => agent.pid === pid)
    planned.push({
      pid,
      runId: run?.runId ?? null,
      name: run?.name ?? null,
      ageSeconds: await ageOf(pid, deps),
      command: shellQuote(argv),
      stoppable: deps.table.maySignal(pid),
    })
  }
  return {
    would: verdict(),
    notice: { message, route: route() },
    stop: planned,
    launch: launch && { ...launch, delayMs, argv: argvOf(launch, deps) },
  }

  function verdict(): Plan['would'] {
    if (request.ifRunning === 'skip' && obstacle) return 'skip'
    if (waits) return isHeld || obstacle || hasNoRoom ? 'wait' : 'run'
    if (obstacle === 'busy') return 'busy'
    if (!launch) return 'stop_only'
    return planned.every(({ stoppable }) => stoppable) ? 'run' : 'blocked'
  }
}

/** What would be run; a work tree of its own is still to be made. */
function argvOf(launch: LaunchRequest, { tokens }: PlanDeps): readonly string[] {
  const workspace = launch.isolation ? '<worktree>' : launch.workspace
  const tools = (mayUseTools(launch) && tokens?.planned()) || null
  return launch.agent.command({ ...taskOf({ ...launch, workspace }, TO_COME), tools }).argv
}

async function ageOf(pid: number, { table }: ResetDeps): Promise<number | null> {
  const identity = await table.inspect(pid)
  const age = identity && (await ageMs(identity, table))
  return age === null ? null : Math.floor(age / 1000)
}
