import path from 'node:path'
import { isAnyAddress } from '../base/any-address.ts'
import { isDirectory } from '../base/files.ts'
import { expandHome } from '../base/home.ts'
import { isLoopbackAddress, isLoopbackName } from '../base/host-name.ts'
import type { WorkspaceRoot } from '../runs/access.ts'
import type { PromptSource } from '../runs/prompt.ts'
import { quotedSettings, readSettings, tellOfUnknown, unexpandedSettings } from './settings.ts'
import { defaultRoots, homelessPaths, rootsOf, tellOfDefaultRoots } from './workspace-roots.ts'

/** pino's levels. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/**
 * Which processes count as stale agents: every `codex exec` of this user on the machine, or only what this
 * service launched.
 */
export type StopScope = 'machine' | 'own'

/** How a run's end is told. */
export type NotifyEnd = 'edit' | 'message' | 'off'

/** Zulip as the environment gives it; what is null is looked up in the zuliprc file. */
export interface ZulipSettings {
  readonly site: string | null
  readonly email: string | null
  readonly key: string | null
  readonly rcPath: string
  /** True where the file was named: then it must be there. */
  readonly rcRequired: boolean
  readonly profile: string
  readonly type: 'stream' | 'private'
  readonly stream: string
  readonly topic: string
  readonly to: string | null
  readonly required: boolean
  /** How a run's end is told: the notice is edited, another one sent, or nothing done. */
  readonly notifyEnd: NotifyEnd
}

/** The service's settings, complete and frozen. Times are in milliseconds. */
export interface Config {
  readonly http: {
    readonly host: string
    readonly port: number
    readonly isLoopback: boolean
    /** Names the service answers to, besides its own. */
    readonly allowedHosts: readonly string[]
    readonly token: string | null
    readonly tokensFile: string | null
    readonly hooksFile: string | null
  }
  readonly access: {
    readonly workspaceRoots: readonly WorkspaceRoot[]
    /** Paths, or names on `PATH`, that requests may name besides the configured program. */
    readonly executables: readonly string[]
    /** Variables that the agent gets although they would be kept from it. */
    readonly agentEnvPass: readonly string[]
  }
  readonly log: {
    readonly level: LogLevel
    readonly dir: string
    readonly serverLogPath: string
    readonly mirror: boolean
    /** Whether it is noted, beside each run's log, when it grew. */
    readonly times: boolean
    /** What is kept of run logs and their rows in the ledger; 0: all. */
    readonly keep: { readonly days: number; readonly count: number; readonly mb: number }
    /** A run whose log passes it is ended; 0: none. */
    readonly maxMb: number
    /** Less free space than this, and nothing is launched. */
    readonly minFreeMb: number
    readonly dbPath: string
  }
  readonly launch: {
    readonly binary: string | null
    readonly delayMs: number
    readonly startupCheckMs: number
    /** 0: no limit. */
    readonly timeoutMs: number
    /** 0: no limit. */
    readonly stallMs: number
    readonly workspace: string | null
    readonly prompt: PromptSource
  }
  readonly stop: { readonly scope: StopScope; readonly graceMs: number }
  readonly autopoll: {
    readonly enabled: boolean
    readonly pollMs: number
    readonly staleMs: number
    readonly maxRunsPerHour: number
  }
  readonly zulip: ZulipSettings
  /** Things worth telling at start that do not stop it. */
  readonly warnings: readonly string[]
}

/** Every bad setting at once; the message is ready to print. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`These settings are wrong, so nothing was started:\n${problems.map((p) => `  ${p}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Where the project lies and whose home `~` is. */
export interface Places {
  readonly projectDir: string
  readonly home: string
}

const DEFAULT_POLL_SECONDS = 300

const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  critical: 'fatal',
  silent: 'silent',
}

/**
 * Reads the settings from an environment. An empty value counts as not set.
 * @param told what is known already that the owner should be told
 * @throws {ConfigError} naming every bad setting, what was given and what is expected
 */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  { projectDir, home }: Places,
  told: readonly string[] = [],
): Config {
  const { settings, problems } = readSettings(env)
  problems.push(...homelessPaths(settings, home))
  const resolve = (file: string) => path.resolve(projectDir, expandHome(file, home))

  const workspace = settings.LOOPER_WORKSPACE ? resolve(settings.LOOPER_WORKSPACE) : null
  if (workspace && !isDirectory(workspace)) {
    problems.push(`LOOPER_WORKSPACE: "${settings.LOOPER_WORKSPACE}" is not a directory; name one that exists`)
  }
  if (settings.LOOPER_DEFAULT_PROMPT && settings.LOOPER_DEFAULT_PROMPT_FILE) {
    problems.push('LOOPER_DEFAULT_PROMPT and LOOPER_DEFAULT_PROMPT_FILE are both set; set only one')
  }
  const type = settings.ZULIP_MESSAGE_TYPE?.toLowerCase() === 'private' ? 'private' : 'stream'
  if (type === 'private' && !settings.ZULIP_TO) {
    problems.push('ZULIP_TO: nothing given, expected the recipient, because ZULIP_MESSAGE_TYPE is private')
  }
  const token = settings.LOOPER_API_TOKEN ?? null
  const tokensFile = settings.LOOPER_TOKENS_FILE ? resolve(settings.LOOPER_TOKENS_FILE) : null
  const hasTokens = token !== null || tokensFile !== null
  const host = settings.LOOPER_HOST ?? (hasTokens ? '0.0.0.0' : '127.0.0.1')
  const allowedHosts = settings.LOOPER_ALLOWED_HOSTS ?? []
  // A name from elsewhere leads here through a proxy, which is on loopback for us.
  const open = hasTokens ? [] : openings(host, allowedHosts)
  if (!isOn(settings.LOOPER_ALLOW_UNAUTHENTICATED, false)) {
    for (const { setting, name } of open) {
      problems.push(
        `${setting}: "${name}" given without a token, so that whoever reaches it could run code here; ` +
          'set LOOPER_API_TOKEN or LOOPER_TOKENS_FILE (or LOOPER_ALLOW_UNAUTHENTICATED=1, if you mean it)',
      )
    }
  }
  const roots = settings.LOOPER_WORKSPACE_ROOTS
  const workspaceRoots = roots ? rootsOf(roots, resolve, workspace, problems) : defaultRoots(home, workspace)
  if (problems.length > 0) throw new ConfigError(problems)

  const warnings = [...told, ...tellOfUnknown(env)]
  for (const name of quotedSettings(env)) {
    warnings.push(
      `${name} is in quotes, which count as a part of it (docker --env-file keeps them); ` +
        'leave them out, unless you mean them',
    )
  }
  for (const name of unexpandedSettings(env))
    warnings.push(
      `${name} holds a $, and variables are not looked up in settings; write the path out, or begin it with ~`,
    )
  if (!roots) warnings.push(...tellOfDefaultRoots(home, workspace))
  const prompt: PromptSource = settings.LOOPER_DEFAULT_PROMPT_FILE
    ? { kind: 'file', path: resolve(settings.LOOPER_DEFAULT_PROMPT_FILE) }
    : settings.LOOPER_DEFAULT_PROMPT
      ? { kind: 'text', text: settings.LOOPER_DEFAULT_PROMPT }
      : { kind: 'none' }

  let pollSeconds = settings.LOOPER_IDLE_POLL_SECONDS ?? DEFAULT_POLL_SECONDS
  if (pollSeconds <= 0) {
    warnings.push(`LOOPER_IDLE_POLL_SECONDS is ${pollSeconds}; using ${DEFAULT_POLL_SECONDS}`)
    pollSeconds = DEFAULT_POLL_SECONDS
  }
  const wanted = isOn(settings.LOOPER_AUTO_START_WHEN_IDLE, true)
  const enabled = wanted && workspace !== null && prompt.kind !== 'none'
  if (wanted && !enabled) {
    warnings.push(
      'The autopoll is off: it needs LOOPER_WORKSPACE, and LOOPER_DEFAULT_PROMPT or LOOPER_DEFAULT_PROMPT_FILE',
    )
  }

  if (isAnyAddress(host)) warnings.push('Looper listens on every network interface (LOOPER_HOST)')
  for (const { name } of open)
    warnings.push(`Whoever reaches ${name} can run code here: LOOPER_ALLOW_UNAUTHENTICATED is on`)
  const dir = resolve(settings.CODEX_EXEC_LOG_DIR ?? 'logs')
  return freeze({
    http: {
      host,
      port: settings.LOOPER_PORT ?? 3456,
      isLoopback: isLoopback(host),
      allowedHosts,
      token,
      tokensFile,
      hooksFile: settings.LOOPER_HOOKS_FILE ? resolve(settings.LOOPER_HOOKS_FILE) : null,
    },
    access: {
      workspaceRoots,
      executables: settings.LOOPER_ALLOWED_EXECUTABLES ?? [],
      agentEnvPass: settings.LOOPER_AGENT_ENV_PASS ?? [],
    },
    log: {
      level: LEVELS[settings.LOOPER_LOG_LEVEL?.toLowerCase() ?? ''] ?? 'debug',
      dir,
      serverLogPath: settings.LOOPER_SERVER_LOG_PATH
        ? resolve(settings.LOOPER_SERVER_LOG_PATH)
        : path.join(dir, 'looper-server.log'),
      mirror: isOn(settings.LOOPER_MIRROR_OUTPUT, true),
      times: isOn(settings.LOOPER_LOG_TIMES, false),
      keep: {
        days: settings.LOOPER_RUN_LOG_KEEP_DAYS ?? 0,
        count: settings.LOOPER_RUN_LOG_KEEP_COUNT ?? 0,
        mb: settings.LOOPER_RUN_LOG_KEEP_MB ?? 0,
      },
      maxMb: settings.LOOPER_RUN_LOG_MAX_MB ?? 0,
      minFreeMb: settings.LOOPER_MIN_FREE_MB ?? 100,
      dbPath: settings.LOOPER_DB_PATH ? resolve(settings.LOOPER_DB_PATH) : path.join(dir, 'looper.db'),
    },
    launch: {
      binary: settings.CODEX_EXEC_BINARY ?? null,
      delayMs: (settings.CODEX_EXEC_DELAY_SECONDS ?? settings.PROMPT_SEND_DELAY_SECONDS ?? 1) * 1000,
      startupCheckMs: (settings.CODEX_EXEC_STARTUP_CHECK_SECONDS ?? 1) * 1000,
      timeoutMs: (settings.LOOPER_RUN_TIMEOUT_SECONDS ?? 0) * 1000,
      stallMs: (settings.LOOPER_RUN_STALL_SECONDS ?? 0) * 1000,
      workspace,
      prompt,
    },
    stop: {
      scope: settings.LOOPER_STOP_SCOPE?.toLowerCase() === 'own' ? 'own' : 'machine',
      graceMs: (settings.LOOPER_STOP_GRACE_SECONDS ?? 5) * 1000,
    },
    autopoll: {
      enabled,
      pollMs: pollSeconds * 1000,
      staleMs: (settings.LOOPER_IDLE_LOG_STALE_SECONDS ?? 0) * 1000,
      maxRunsPerHour: settings.LOOPER_AUTO_MAX_RUNS_PER_HOUR ?? 12,
    },
    zulip: {
      site: settings.ZULIP_SITE ?? null,
      email: settings.ZULIP_BOT_EMAIL ?? null,
      key: settings.ZULIP_BOT_API_KEY ?? null,
      rcPath: resolve(settings.ZULIPRC_PATH ?? '~/.zuliprc'),
      rcRequired: settings.ZULIPRC_PATH !== undefined,
      profile: settings.ZULIP_PROFILE ?? 'api',
      type,
      stream: settings.ZULIP_STREAM ?? 'coding',
      topic: settings.ZULIP_TOPIC ?? 'verified-cad',
      to: settings.ZULIP_TO ?? null,
      required: isOn(settings.LOOPER_ZULIP_REQUIRED, false),
      notifyEnd: notifyEndOf(settings.LOOPER_NOTIFY_END),
    },
    warnings,
  })
}

function notifyEndOf(given: string | undefined): NotifyEnd {
  const wanted = given?.toLowerCase()
  return wanted === 'message' || wanted === 'off' ? wanted : 'edit'
}

/** What lets others in: the host, and names from elsewhere that a proxy would bring along. */
function openings(host: string, allowedHosts: readonly string[]): { setting: string; name: string }[] {
  const foreign = allowedHosts.filter((name) => !isLoopbackName(name))
  return [
    ...(isLoopback(host) ? [] : [{ setting: 'LOOPER_HOST', name: host }]),
    ...foreign.map((name) => ({ setting: 'LOOPER_ALLOWED_HOSTS', name })),
  ]
}

const isLoopback = (host: string) => host === 'localhost' || isLoopbackAddress(host)

function isOn(value: string | undefined, fallback: boolean): boolean {
  return value === undefined ? fallback : /^(1|true|yes|on)$/i.test(value)
}

function freeze<T>(value: T): T {
  for (const part of Object.values(Object(value))) if (typeof part === 'object') freeze(part)
  return Object.freeze(value)
}
