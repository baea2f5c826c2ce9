import path from 'node:path'
import type { ProgramSpec } from '../agents/agent.ts'
import { type Binary, type ProgramPlaces, resolveBinary } from '../agents/binary.ts'
import { LooperError, messageOf } from '../base/errors.ts'
import { makeWritable } from '../base/files.ts'
import { expandHome } from '../base/home.ts'
import { allowedExecutable, allowedWorkspace, recheckWorkspace, type WorkspaceRoot } from './access.ts'
import type { AgentChoice } from './agent-choice.ts'
import type { Budget } from './budget/budget.ts'
import type { OnQuota } from './holds/hold.ts'
import { checkText } from './prompt.ts'
import type { LaunchRequest, Trigger } from './run.ts'
import { nameOf } from './run-name.ts'
import { TO_COME, taskOf } from './task.ts'
import type { Check } from './verify/check.ts'

/** What requests may name. */
export interface Access {
  readonly workspaceRoots: readonly WorkspaceRoot[]
  /** The programs that a request may name, one agent's own among them, as they are now: by every name of one, the name by which it is run. */
  programs(own: ProgramSpec): ReadonlyMap<string, string>
  /** The same without any agent's own. */
  executables(): ReadonlyMap<string, string>
  /** The same for helper scripts. */
  scripts(): ReadonlySet<string>
}

/** Where a request comes from. */
export interface RequestOrigin {
  readonly requestId: string
  readonly trigger: Trigger
  readonly caller: string | null
  /** Whether the owner wrote what is asked for; left out: those of hooks are. */
  readonly isOwners?: boolean
}

/** What a launch is to be. */
export interface LaunchWish {
  readonly slot: string
  readonly sharesWorkspace: boolean
  readonly workspace: string
  /** The notice; null: none is sent. */
  readonly message: string | null
  readonly prompt: string
  readonly binary: string | null
  readonly choice: AgentChoice
  readonly places: ProgramPlaces
  readonly logDir: string
  readonly timeoutMs: number
  readonly stallMs: number
  readonly check?: Check | null
  readonly budget?: Budget | null
  readonly onQuota?: OnQuota
  readonly tools?: boolean
  readonly access: Access
}

/**
 * Checks what a launch needs: the workspace, the program, and a log directory that can be written.
 * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`, `LOOPER_WORKSPACE_CLOSED`, `LOOPER_WORKSPACE_FORBIDDEN`,
 * `LOOPER_LOG_UNWRITABLE`, `LOOPER_BINARY_MISSING`, `LOOPER_EXECUTABLE_FORBIDDEN`, `LOOPER_WORKSPACE_REFUSED`
 */
export function prepareLaunch(origin: RequestOrigin, wish: LaunchWish): LaunchRequest {
  const { message, access, choice, slot, sharesWorkspace, prompt, timeoutMs, stallMs } = wish
  const { check = null, budget = null, onQuota = 'hold', tools = true } = wish
  const { agent } = choice
  const places = { ...wish.places, ...agent.program }
  const workspace = checkWorkspace(wish.workspace, places, access)
  if (wish.binary !== null) checkText(wish.binary, 'codex_exec_binary')
  checkLogDir(wish.logDir)
  const binary = checkProgram(resolveBinary(wish.binary, places), agent.program, access)
  const refusal = agent.workspaceRefusal(workspace, binary.path)
  if (refusal !== null) throw new LooperError('LOOPER_WORKSPACE_REFUSED', refusal)
  const name = nameOf(message, prompt, origin.requestId)
  const wanted = { slot, sharesWorkspace, prompt, timeoutMs, stallMs, check, budget, onQuota, tools }
  const launch = { ...origin, ...choice, ...wanted, name, workspace, binary }
  const cannot = agent.refusalOf(taskOf(launch, TO_COME))
  if (cannot !== null) throw new LooperError('LOOPER_AGENT_REFUSED', cannot)
  return launch
}

/**
 * Checks again, at the last moment, that the workspace and the program still are what was allowed.
 * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`, `LOOPER_WORKSPACE_CLOSED`, `LOOPER_WORKSPACE_FORBIDDEN`,
 * `LOOPER_EXECUTABLE_FORBIDDEN`, `LOOPER_BINARY_MISSING`
 */
export function recheckLaunch(
  { workspace, binary, agent }: Pick<LaunchRequest, 'workspace' | 'binary' | 'agent'>,
  access: Access,
  places: ProgramPlaces,
): void {
  recheckWorkspace(workspace, access.workspaceRoots)
  const found = resolveBinary(binary.asked ?? binary.path, { ...places, ...agent.program })
  checkProgram({ ...found, source: binary.source }, agent.program, access)
}

/** The program by the name by which its owner allowed it: whatever a request names may be a link that leads elsewhere by then. */
function checkProgram(binary: Binary, own: ProgramSpec, access: Access): Binary {
  if (binary.source !== 'request') return binary
  const programs = access.programs(own)
  const real = allowedExecutable(binary.path, 'codex_exec_binary', programs)
  /* c8 ignore next: whatever is allowed stands in the map */
  return { ...binary, path: programs.get(binary.path) ?? programs.get(real) ?? real, asked: binary.path }
}

/** Where a workspace is that somebody named. */
export function pathOf(given: string, { home, projectDir }: ProgramPlaces): string {
  return path.resolve(projectDir, expandHome(given, home))
}

/** The workspace, as it will be. @throws {LooperError} where nothing may run there */
export function checkWorkspace(given: string, places: ProgramPlaces, access: Access): string {
  checkText(given, 'workspace')
  return allowedWorkspace(pathOf(given, places), access.workspaceRoots)
}

function checkLogDir(dir: string): void {
  try {
    makeWritable(dir)
  } catch (error) {
    throw new LooperError('LOOPER_LOG_UNWRITABLE', `cannot write run logs in ${dir}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
