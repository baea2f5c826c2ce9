import path from 'node:path'
import type { ProgramSpec } from '../agents/agent.ts'
import { type Binary, type ProgramPlaces, resolveBinary } from '../agents/binary.ts'
import { MAX_SECONDS } from '../base/clock.ts'
import { LooperError, messageOf } from '../base/errors.ts'
import { isFile, makeWritable } from '../base/files.ts'
import { expandHome } from '../base/home.ts'
import type { Notify } from '../notices/notice.ts'
import { allowedExecutable, allowedWorkspace, recheckWorkspace, type WorkspaceRoot } from './access.ts'
import { type AgentChoice, type ChoiceDeps, chooseAgent } from './agent-choice.ts'
import { checkPrompt, checkText, type PromptSource, readDefaultPrompt } from './prompt.ts'
import type { LaunchRequest, RunRequest, Trigger } from './run.ts'
import { nameOf } from './run-name.ts'
import { OLDER_DELAYS, type RunBody } from './schemas.ts'
import { DEFAULT_SLOT } from './slots.ts'
import { TO_COME, taskOf } from './task.ts'

/** What a request's gaps are filled with. */
export interface RequestDefaults extends ChoiceDeps {
  readonly workspace: string | null
  readonly prompt: PromptSource
  readonly delayMs: number
  readonly startupCheckMs: number
  /** 0: no limit. */
  readonly timeoutMs: number
  /** 0: no limit. */
  readonly stallMs: number
  readonly places: ProgramPlaces
  readonly logDir: string
  /** The in-process sender. */
  readonly notify: Notify
  /** Where it would send to now, as one line. */
  readonly route: () => string
  /** The sender for a request that names a helper script. */
  readonly notifyByScript: (script: string) => Notify
  readonly access: Access
}

/** What requests may name. */
export interface Access {
  readonly workspaceRoots: readonly WorkspaceRoot[]
  /** The programs that a request may name, one agent's own among them, as they are now: by every name of one, the name by which it is run. */
  programs(own: ProgramSpec): ReadonlyMap<string, string>
  /** The same for helper scripts. */
  scripts(): ReadonlySet<string>
}

/** Where a request comes from. */
export interface RequestOrigin {
  readonly requestId: string
  readonly trigger: Trigger
  readonly caller: string | null
}

/**
 * Turns a valid body into a request that can work: everything that can be known beforehand is checked here, before
 * anything is announced or stopped.
 * @throws {LooperError} naming what is missing or wrong
 */
export async function prepareRun(
  body: RunBody,
  origin: RequestOrigin,
  defaults: RequestDefaults,
): Promise<{ request: RunRequest; workspace: string | null }> {
  const message = body.zulip_message.trim()
  checkText(message, 'zulip_message')
  const prompt = body.codex_prompt ?? body.prompt ?? (await readDefaultPrompt(defaults.prompt))
  if (prompt === null) {
    throw new LooperError(
      'LOOPER_PROMPT_MISSING',
      "missing 'codex_prompt', and no default prompt is configured",
    )
  }
  checkPrompt(prompt, body.codex_prompt == null && body.prompt != null ? 'prompt' : 'codex_prompt')
  const isStopOnly = prompt.trim() === ''

  const slot = body.slot ?? DEFAULT_SLOT
  // An empty one would mean the directory of the service.
  const given = body.workspace?.trim() ? body.workspace : defaults.workspace
  if (given === null && !isStopOnly) {
    throw new LooperError('LOOPER_WORKSPACE_MISSING', "missing 'workspace', and LOOPER_WORKSPACE is not set")
  }
  const launch =
    given === null || isStopOnly
      ? null
      : prepareLaunch(origin, {
          ...defaults,
          workspace: given,
          message,
          prompt,
          binary: body.codex_exec_binary ?? null,
          choice: chooseAgent(
            {
              agent: body.agent ?? null,
              model: body.model ?? null,
              system: body.system_prompt ?? null,
              resume: body.resume ?? null,
            },
            defaults,
          ),
          slot,
          sharesWorkspace: body.share_workspace ?? false,
          timeoutMs: milliseconds(body, 'timeout_seconds') ?? defaults.timeoutMs,
          stallMs: milliseconds(body, 'stall_seconds') ?? defaults.stallMs,
        })
  const workspace = launch?.workspace ?? (given === null ? null : workspaceToStop(given))
  const script = body.zulip_script_path == null ? null : checkScript(body.zulip_script_path, defaults)
  return {
    workspace,
    request: {
      requestId: origin.requestId,
      caller: origin.caller,
      slot,
      message,
      notify: script === null ? defaults.notify : defaults.notifyByScript(script),
      route: script === null ? defaults.route : () => `script=${script}`,
      launch,
      delayMs: delayOf(body) ?? defaults.delayMs,
      // Who waits for the end needs no word about the beginning.
      startupCheckMs: body.wait
        ? null
        : (milliseconds(body, 'codex_exec_startup_check_seconds') ?? defaults.startupCheckMs),
      ifRunning: body.if_running ?? 'replace',
    },
  }

  /** No workspace is needed to stop what runs: the default one may be gone, one that the request names must be right. */
  function workspaceToStop(wanted: string): string {
    const { places, access } = defaults
    return wanted === body.workspace ? checkWorkspace(wanted, places, access) : pathOf(wanted, places)
  }
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
  readonly access: Access
}

/**
 * Checks what a launch needs: the workspace, the program, and a log directory that can be written.
 * @throws {LooperError} `LOOPER_WORKSPACE_INVALID`, `LOOPER_WORKSPACE_CLOSED`, `LOOPER_WORKSPACE_FORBIDDEN`,
 * `LOOPER_LOG_UNWRITABLE`, `LOOPER_BINARY_MISSING`, `LOOPER_EXECUTABLE_FORBIDDEN`, `LOOPER_WORKSPACE_REFUSED`
 */
export function prepareLaunch(origin: RequestOrigin, wish: LaunchWish): LaunchRequest {
  const { message, access, choice, slot, sharesWorkspace, prompt, timeoutMs, stallMs } = wish
  const { agent } = choice
  const places = { ...wish.places, ...agent.program }
  const workspace = checkWorkspace(wish.workspace, places, access)
  if (wish.binary !== null) checkText(wish.binary, 'codex_exec_binary')
  checkLogDir(wish.logDir)
  const binary = checkProgram(resolveBinary(wish.binary, places), agent.program, access)
  const refusal = agent.workspaceRefusal(workspace, binary.path)
  if (refusal !== null) throw new LooperError('LOOPER_WORKSPACE_REFUSED', refusal)
  const name = nameOf(message, prompt, origin.requestId)
  const wanted = { slot, sharesWorkspace, prompt, timeoutMs, stallMs }
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

function pathOf(given: string, { home, projectDir }: ProgramPlaces): string {
  return path.resolve(projectDir, expandHome(given, home))
}

function checkWorkspace(given: string, places: ProgramPlaces, access: Access): string {
  checkText(given, 'workspace')
  return allowedWorkspace(pathOf(given, places), access.workspaceRoots)
}

function checkScript(given: string, { places, access }: RequestDefaults): string {
  checkText(given, 'zulip_script_path')
  const script = path.resolve(places.projectDir, expandHome(given, places.home))
  if (isFile(script)) {
    // The real path is what will be run: a link may lead elsewhere by then.
    return allowedExecutable(script, 'zulip_script_path', access.scripts())
  }
  throw new LooperError(
    'LOOPER_NOTICE_FAILED',
    `failed to send Zulip message: 'zulip_script_path' is not a file: ${script}`,
  )
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

type SecondsField = Extract<keyof RunBody, `${string}_seconds`>

function delayOf(body: RunBody): number | null {
  const delay = milliseconds(body, 'codex_exec_delay_seconds')
  if (delay !== null) return delay
  const older = OLDER_DELAYS.flatMap((name) => milliseconds(body, name) ?? [])
  if (older.length === 0) return null
  return checkWait(
    older.reduce((sum, ms) => sum + ms),
    'the sum of the older delays',
  )
}

function milliseconds(body: RunBody, name: SecondsField): number | null {
  const value = body[name]
  return value == null ? null : checkWait(Number(value) * 1000, `'${name}'`)
}

/** The schema caps numbers; numeric strings and sums are capped here, since Node fires longer timers at once. */
function checkWait(ms: number, name: string): number {
  if (ms <= MAX_SECONDS * 1000) return ms
  throw new LooperError('LOOPER_FIELD_INVALID', `${name} must be <= ${MAX_SECONDS}`)
}
