import { isDirectory } from '../base/files.ts'
import { count, filePath, integer, list, oneOf, seconds, setting, text } from '../settings/form.ts'
import { part } from '../settings/part.ts'
import type { WorkspaceRoot } from './access.ts'
import type { Budget } from './budget/budget.ts'
import { budgetForms, dayBudgetOf, runBudgetOf } from './budget/settings.ts'
import type { OnQuota } from './holds/hold.ts'
import type { PromptSource } from './prompt.ts'
import type { StallLimits } from './stall.ts'
import { type DefaultCheck, NO_CHECK } from './verify/choose-check.ts'
import { defaultRoots, rootsOf, tellOfDefaultRoots } from './workspace-roots.ts'

/**
 * Which processes count as stale agents: every run of the agent that callers know, of this user on the machine, or only
 * what this service launched.
 */
export type StopScope = 'machine' | 'own'

/** What runs are made of, and what requests may name. Times are in milliseconds. */
export interface RunSettings {
  readonly access: {
    readonly workspaceRoots: readonly WorkspaceRoot[]
    /** Paths, or names on `PATH`, that requests may name besides the configured program. */
    readonly executables: readonly string[]
    /** Variables that the agent gets although they would be kept from it. */
    readonly agentEnvPass: readonly string[]
  }
  readonly launch: {
    readonly delayMs: number
    readonly startupCheckMs: number
    /** 0: no limit. */
    readonly timeoutMs: number
    /** 0: no limit. */
    readonly stallMs: number
    /** While a tool call is open; 0: no limit. */
    readonly toolStallMs: number
    /** How long a run may give no sign of life before that is told. */
    readonly warning: StallLimits
    readonly workspace: string | null
    readonly prompt: PromptSource
    readonly verify: DefaultCheck
    /** What a run may use, where nobody says so. */
    readonly budget: Budget
    /** What all runs of a day may use. */
    readonly dayBudget: Budget
    /** What a request that says nothing of it wants where the usage limit of its agent is reached. */
    readonly onQuota: OnQuota
    /** Less free space than this, and nothing is launched. */
    readonly minFreeMb: number
  }
  /** So many slots may have a run at a time. */
  readonly maxRuns: number
  readonly stop: { readonly scope: StopScope; readonly graceMs: number }
}

const forms = {
  LOOPER_WORKSPACE_ROOTS: setting(
    {
      ...list(':', 'paths of directories, separated by colons; / allows all'),
      isPath: true,
    },
    '`LOOPER_WORKSPACE`, and everything in your home except its hidden directories; a home that is `/` is left out',
    'where workspaces may be, separated by colons; `/`: anywhere. A symbolic link is resolved at each launch',
    '~:/srv',
  ),
  LOOPER_ALLOWED_EXECUTABLES: setting(
    {
      ...list(':', 'paths, or names of programs on PATH, separated by colons'),
      isPath: true,
    },
    'none',
    'further programs and helper scripts that requests may name, separated by colons',
    '/opt/agents/next',
  ),
  LOOPER_AGENT_ENV_PASS: setting(
    list(',', 'names of variables, separated by commas', (item) => (/^[^\s=$]+$/.test(item) ? item : null)),
    'none',
    'variables that agents get although they look like secrets of Looper or of its notices, separated by commas',
    'LOOPER_API_TOKEN',
  ),
  LOOPER_WORKSPACE: setting(
    filePath('the path of a directory'),
    'none',
    'the default workspace',
    '~/project',
  ),
  LOOPER_DEFAULT_PROMPT: setting(
    { ...text('a prompt'), isVerbatim: true },
    'none',
    'the default prompt',
    'Carry on with the next open task.',
  ),
  LOOPER_DEFAULT_PROMPT_FILE: setting(
    filePath(),
    'none',
    'the default prompt in a file, read again at each launch; set only one of the two',
    '~/prompt.md',
  ),
  CODEX_EXEC_DELAY_SECONDS: setting(
    seconds(),
    '`1`',
    'seconds to wait between stop and launch (older name: `PROMPT_SEND_DELAY_SECONDS`)',
  ),
  PROMPT_SEND_DELAY_SECONDS: setting(
    seconds(),
    'the value of `CODEX_EXEC_DELAY_SECONDS`',
    'older name of `CODEX_EXEC_DELAY_SECONDS`, read only where that one is not set',
    '1',
  ),
  CODEX_EXEC_STARTUP_CHECK_SECONDS: setting(
    seconds(),
    '`1`',
    'seconds that a new agent is watched before the answer is sent; 0: not at all',
  ),
  LOOPER_STOP_SCOPE: setting(
    oneOf('machine|own', 'machine or own'),
    '`machine`',
    'which agents a new run stops. `machine`: every `codex exec` of this user; `own`: only those that this service launched',
  ),
  LOOPER_RUN_TIMEOUT_SECONDS: setting(seconds(), '`0`', 'end a run after this many seconds; 0: never'),
  LOOPER_RUN_STALL_SECONDS: setting(
    seconds(),
    '`0`',
    'end a run after this many seconds without a sign of life; 0: never',
  ),
  LOOPER_RUN_TOOL_STALL_SECONDS: setting(
    seconds(),
    '`14400`',
    'the same while a tool call is open; 0: as long as it is. Only where there is a limit without one',
  ),
  LOOPER_RUN_STALL_WARN_SECONDS: setting(
    seconds(),
    '`0`',
    'tell people, and on its record, when a run has been without a sign of life for this many seconds; 0: never',
  ),
  LOOPER_RUN_TOOL_STALL_WARN_SECONDS: setting(
    seconds(),
    '`3600`',
    'the same while a tool call is open; 0: never. Only where it is told without one',
  ),
  LOOPER_VERIFY: setting(
    text('a command line'),
    'none',
    'a command line for /bin/sh that checks what the agent did, in the workspace, after each run with the default prompt that ended well',
    'npm test',
  ),
  LOOPER_VERIFY_TIMEOUT_SECONDS: setting(
    seconds(),
    '`600`',
    'stop a check after this many seconds; 0: never',
  ),
  ...budgetForms,
  LOOPER_ON_QUOTA: setting(
    oneOf('hold|fail', 'hold or fail'),
    '`hold`',
    'what requests and runs do when the usage limit of their agent is reached. `hold`: wait for the reset, then go on; `fail`: fail at once',
  ),
  LOOPER_STOP_GRACE_SECONDS: setting(seconds(), '`5`', 'seconds from the first polite signal to SIGKILL'),
  LOOPER_MAX_RUNS: setting(
    integer(1, 1000, 'a number of runs from 1 to 1000'),
    '`4`',
    'how many runs may live at a time, each in a slot of its own',
  ),
  LOOPER_MIN_FREE_MB: setting(
    count('a number of megabytes, 0 or more'),
    '`100`',
    'with fewer free megabytes in the log directory nothing is launched',
  ),
}

/** The settings of runs. */
export const runSettings = part(
  'Runs',
  forms,
  (values, { home, resolve, problems, warnings }): RunSettings => {
    const workspace = values.LOOPER_WORKSPACE ? resolve(values.LOOPER_WORKSPACE) : null
    if (workspace && !isDirectory(workspace)) {
      problems.push(`LOOPER_WORKSPACE: "${values.LOOPER_WORKSPACE}" is not a directory; name one that exists`)
    }
    if (values.LOOPER_DEFAULT_PROMPT && values.LOOPER_DEFAULT_PROMPT_FILE) {
      problems.push('LOOPER_DEFAULT_PROMPT and LOOPER_DEFAULT_PROMPT_FILE are both set; set only one')
    }
    const roots = values.LOOPER_WORKSPACE_ROOTS
    const workspaceRoots = roots
      ? rootsOf(roots, resolve, workspace, problems)
      : defaultRoots(home, workspace)
    if (!roots) warnings.push(...tellOfDefaultRoots(home, workspace))
    const prompt: PromptSource = values.LOOPER_DEFAULT_PROMPT_FILE
      ? { kind: 'file', path: resolve(values.LOOPER_DEFAULT_PROMPT_FILE) }
      : values.LOOPER_DEFAULT_PROMPT
        ? { kind: 'text', text: values.LOOPER_DEFAULT_PROMPT }
        : { kind: 'none' }
    const stall = {
      stallMs: (values.LOOPER_RUN_STALL_SECONDS ?? 0) * 1000,
      toolStallMs: (values.LOOPER_RUN_TOOL_STALL_SECONDS ?? 14_400) * 1000,
    }
    const warning = {
      stallMs: (values.LOOPER_RUN_STALL_WARN_SECONDS ?? 0) * 1000,
      toolStallMs: (values.LOOPER_RUN_TOOL_STALL_WARN_SECONDS ?? 3600) * 1000,
    }
    if (warning.stallMs > 0 && stall.stallMs > 0 && warning.stallMs >= stall.stallMs) {
      warnings.push(
        'LOOPER_RUN_STALL_WARN_SECONDS is not less than LOOPER_RUN_STALL_SECONDS, so runs end before it is told',
      )
    }
    return {
      access: {
        workspaceRoots,
        executables: values.LOOPER_ALLOWED_EXECUTABLES ?? [],
        agentEnvPass: values.LOOPER_AGENT_ENV_PASS ?? [],
      },
      launch: {
        delayMs: (values.CODEX_EXEC_DELAY_SECONDS ?? values.PROMPT_SEND_DELAY_SECONDS ?? 1) * 1000,
        startupCheckMs: (values.CODEX_EXEC_STARTUP_CHECK_SECONDS ?? 1) * 1000,
        timeoutMs: (values.LOOPER_RUN_TIMEOUT_SECONDS ?? 0) * 1000,
        ...stall,
        warning,
        workspace,
        prompt,
        verify: {
          line: values.LOOPER_VERIFY ?? NO_CHECK.line,
          timeoutMs:
            values.LOOPER_VERIFY_TIMEOUT_SECONDS === undefined
              ? NO_CHECK.timeoutMs
              : values.LOOPER_VERIFY_TIMEOUT_SECONDS * 1000,
        },
        budget: runBudgetOf(values),
        dayBudget: dayBudgetOf(values),
        onQuota: values.LOOPER_ON_QUOTA?.toLowerCase() === 'fail' ? 'fail' : 'hold',
        minFreeMb: values.LOOPER_MIN_FREE_MB ?? 100,
      },
      maxRuns: values.LOOPER_MAX_RUNS ?? 4,
      stop: {
        scope: values.LOOPER_STOP_SCOPE?.toLowerCase() === 'own' ? 'own' : 'machine',
        graceMs: (values.LOOPER_STOP_GRACE_SECONDS ?? 5) * 1000,
      },
    }
  },
)
