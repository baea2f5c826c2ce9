import path from 'node:path'
import type { ProgramPlaces } from '../agents/binary.ts'
import { MAX_SECONDS } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import { isFile } from '../base/files.ts'
import { expandHome } from '../base/home.ts'
import type { Announce } from '../notices/notice.ts'
import type { WaitingRun } from '../record/waiting.ts'
import { allowedExecutable } from './access.ts'
import { type ChoiceDeps, chooseAgent } from './agent-choice.ts'
import { withoutNulls } from './asked-again.ts'
import type { Budget } from './budget/budget.ts'
import { budgetWish, chooseBudget } from './budget/choose-budget.ts'
import { checkStopOnly, type GoOnDeps, whereSomethingRuns } from './go-on.ts'
import type { OnQuota } from './holds/hold.ts'
import { type Access, checkWorkspace, pathOf, prepareLaunch, type RequestOrigin } from './launch-request.ts'
import { checkPrompt, checkText, type PromptSource, readDefaultPrompt } from './prompt.ts'
import type { RunRequest } from './run.ts'
import { OLDER_DELAYS, type RunBody } from './run-body.ts'
import { DEFAULT_SLOT } from './slots.ts'
import { chooseCheck, type DefaultCheck } from './verify/choose-check.ts'
import { chooseIsolation, type IsolationDeps } from './worktrees/isolation.ts'

/** What a request's gaps are filled with. */
export interface RequestDefaults extends ChoiceDeps, GoOnDeps, IsolationDeps {
  readonly findRun: ChoiceDeps['findRun'] & IsolationDeps['findRun']
  readonly workspace: string | null
  readonly prompt: PromptSource
  readonly delayMs: number
  readonly startupCheckMs: number
  /** 0: no limit. */
  readonly timeoutMs: number
  /** 0: no limit. */
  readonly stallMs: number
  /** What checks the work of a run with the default prompt, and how long a check may take. */
  readonly verify?: DefaultCheck
  /** What a run may use, where nobody says so; left out: no limit. */
  readonly budget?: Budget
  /** What all runs of a day may use; left out: no limit. */
  readonly dayBudget?: Budget
  /** What it wants where the usage limit of its agent is reached. */
  readonly onQuota?: OnQuota
  readonly places: ProgramPlaces
  readonly logDir: string
  /** The in-process sender. */
  readonly announce: Announce
  /** Where it would send to now, as one line. */
  readonly route: () => string
  /** The sender for a request that names a helper script. */
  readonly announceByScript: (script: string) => Announce
  readonly access: Access
}

/**
 * Turns a valid body into a request that can work: everything that can be known beforehand is checked here, before
 * anything is announced or stopped.
 * @throws {LooperError} naming what is missing or wrong
 */
export async function prepareRun(
  given: RunBody,
  origin: RequestOrigin,
  defaults: RequestDefaults,
): Promise<{ request: RunRequest; workspace: string | null }> {
  const { ifRunning, body } = whereSomethingRuns(given, defaults)
  const message = body.zulip_message.trim()
  checkText(message, 'zulip_message')
  const givenPrompt = body.codex_prompt ?? body.prompt ?? null
  const prompt = givenPrompt ?? (await readDefaultPrompt(defaults.prompt))
  if (prompt === null) {
    throw new LooperError(
      'LOOPER_PROMPT_MISSING',
      "missing 'codex_prompt', and no default prompt is configured",
    )
  }
  checkPrompt(prompt, body.codex_prompt == null && body.prompt != null ? 'prompt' : 'codex_prompt')
  const isStopOnly = prompt.trim() === ''
  if (isStopOnly) checkStopOnly(ifRunning)

  const slot = body.slot ?? DEFAULT_SLOT
  // An empty one would mean the directory of the service.
  const where = body.workspace?.trim() ? body.workspace : defaults.workspace
  if (where === null && !isStopOnly) {
    throw new LooperError('LOOPER_WORKSPACE_MISSING', "missing 'workspace', and LOOPER_WORKSPACE is not set")
  }
  const choice =
    where === null || isStopOnly
      ? null
      : chooseAgent(
          {
            agent: body.agent ?? null,
            model: body.model ?? null,
            system: body.system_prompt ?? null,
            resume: body.resume ?? null,
          },
          defaults,
        )
  const launch =
    where === null || choice === null
      ? null
      : prepareLaunch(origin, {
          ...defaults,
          workspace: where,
          message,
          prompt,
          binary: body.codex_exec_binary ?? null,
          choice,
          slot,
          sharesWorkspace: body.share_workspace ?? false,
          timeoutMs: milliseconds(body, 'timeout_seconds') ?? defaults.timeoutMs,
          stallMs: milliseconds(body, 'stall_seconds') ?? defaults.stallMs,
          budget: chooseBudget(budgetWish(body), choice.agent, defaults),
          onQuota: body.on_quota ?? defaults.onQuota ?? 'hold',
          tools: body.tools ?? true,
          check: chooseCheck(
            { line: body.verify ?? null, timeoutMs: milliseconds(body, 'verify_timeout_seconds') },
            // The words of hooks are their owner's, and so are those of the config file.
            {
              ...defaults,
              isOwners: origin.isOwners ?? origin.trigger === 'hook',
              isDefaultRun: givenPrompt === null,
            },
          ),
        })
  const isolation = launch && (await chooseIsolation(body, launch.workspace, defaults))
  const workspace = launch?.workspace ?? (where === null ? null : workspaceToStop(where))
  const script = body.zulip_script_path == null ? null : checkScript(body.zulip_script_path, defaults)
  return {
    workspace,
    request: {
      requestId: origin.requestId,
      caller: origin.caller,
      slot,
      message,
      notify: script === null ? defaults.announce : defaults.announceByScript(script),
      route: script === null ? defaults.route : () => `script=${script}`,
      launch: isolation ? launch && { ...launch, isolation } : launch,
      delayMs: delayOf(body) ?? defaults.delayMs,
      // Who waits for the end needs no word about the beginning.
      startupCheckMs: body.wait
        ? null
        : (milliseconds(body, 'codex_exec_startup_check_seconds') ?? defaults.startupCheckMs),
      ifRunning,
      asked: withoutNulls({ ...body, codex_prompt: null, prompt: null }),
    },
  }

  /** No workspace is needed to stop what runs: the default one may be gone, one that the request names must be right. */
  function workspaceToStop(wanted: string): string {
    const { places, access } = defaults
    return wanted === body.workspace ? checkWorkspace(wanted, places, access) : pathOf(wanted, places)
  }
}

/** Makes the request of a run that waits again. @throws {LooperError} like {@link prepareRun}, where it cannot work any more */
export async function prepareWaiting(
  waiting: RequestOrigin & Pick<WaitingRun, 'asked' | 'prompt' | 'check' | 'budget'>,
  defaults: RequestDefaults,
): Promise<RunRequest> {
  const { asked, prompt, check, budget, requestId, trigger, caller } = waiting
  // Its check and its budget stand on the record; they may be defaults that are none by now.
  const body: RunBody = { ...JSON.parse(asked), codex_prompt: prompt, verify: '' }
  const { request } = await prepareRun(body, { requestId, trigger, caller }, defaults)
  return { ...request, asked, launch: request.launch && { ...request.launch, check, budget } }
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
