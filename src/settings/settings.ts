import { MAX_SECONDS } from '../base/clock.ts'
import { hostNameOf, listenHostOf } from '../base/host-name.ts'
import { meantBy } from '../base/misspelt.ts'

/** What one setting may be. */
export interface Form<T> {
  /** Says what a good value is. */
  readonly expected: string
  /** The value of a text that is not empty, or null where it is a bad one. */
  readonly read: (text: string) => T | null
  /** Whether it is a path, or several: a leading ~ is the home then. */
  readonly isPath?: true
}

const text = (expected: string): Form<string> => matching(/^/, expected)
const filePath = (expected = 'a file path'): Form<string> => ({ ...text(expected), isPath: true })
const oneOf = (pattern: string, expected: string) => matching(new RegExp(`^(${pattern})$`, 'i'), expected)
const flag = () => oneOf('1|true|yes|on|0|false|no|off', 'one of 1, true, yes, on, 0, false, no, off')
const seconds = () => number(0, MAX_SECONDS, `a number of seconds, 0 to ${MAX_SECONDS}`)
const count = (expected: string) => integer(0, Number.MAX_SAFE_INTEGER, expected)

/** Items, each in quotes or not; none at all is a mistake. */
function list(
  separator: string,
  expected: string,
  readItem: (item: string) => string | null = (item) => item,
): Form<readonly string[]> {
  const read = (given: string) => {
    const items = given.split(separator).map((item) => unquote(item.trim()))
    const values = items.filter((item) => item !== '').map(readItem)
    const good = values.filter((value) => value !== null)
    return good.length > 0 && good.length === values.length ? good : null
  }
  return { expected, read }
}

/** What stands in quotes, where a text is all in quotes: docker's --env-file and some editors of settings keep them. */
function unquote(text: string): string {
  return /^(["'`])((?:(?!\1).)*)\1$/s.exec(text)?.[2]?.trim() ?? text
}

function matching(pattern: RegExp, expected: string): Form<string> {
  return { expected, read: (given) => (pattern.test(given) ? given : null) }
}

function number(least: number, most: number, expected: string): Form<number> {
  const read = (given: string) => {
    const value = Number(given)
    return Number.isFinite(value) && value >= least && value <= most ? value : null
  }
  return { expected, read }
}

function integer(least: number, most: number, expected: string): Form<number> {
  const { read } = number(least, most, expected)
  return { expected, read: (given) => (Number.isInteger(Number(given)) ? read(given) : null) }
}

/**
 * Every setting, as environment variables carry it; read by hand: a validator for them would double the time to start.
 * `.env.example` and `docs/settings.md` list the same names.
 */
export const Settings = {
  LOOPER_HOST: {
    expected: 'an address or host name to listen on, without scheme and port',
    read: listenHostOf,
  },
  LOOPER_PORT: integer(0, 65_535, 'a port, 0 to 65535 (0: any free one)'),
  // What a header cannot carry could never match; and a pair of quotes is an empty value.
  LOOPER_API_TOKEN: matching(
    /^(?!(["'`])\s*\1$)[ -~]+$/,
    'a token of at least one character, all of them ASCII; leave the variable out for none',
  ),
  LOOPER_TOKENS_FILE: filePath(),
  LOOPER_ALLOW_UNAUTHENTICATED: flag(),
  LOOPER_ALLOWED_HOSTS: list(',', 'host names, separated by commas; there are no wildcards', hostNameOf),
  LOOPER_WORKSPACE_ROOTS: {
    ...list(':', 'paths of directories, separated by colons; / allows all'),
    isPath: true,
  },
  LOOPER_ALLOWED_EXECUTABLES: {
    ...list(':', 'paths, or names of programs on PATH, separated by colons'),
    isPath: true,
  },
  LOOPER_HOOKS_FILE: filePath(),
  LOOPER_AGENT_ENV_PASS: list(',', 'names of variables, separated by commas', (item) =>
    /^[^\s=$]+$/.test(item) ? item : null,
  ),
  LOOPER_LOG_LEVEL: oneOf(
    'trace|debug|info|warn|warning|error|fatal|critical|silent',
    'one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, SILENT',
  ),
  LOOPER_SERVER_LOG_PATH: filePath(),
  LOOPER_MIRROR_OUTPUT: flag(),
  LOOPER_LOG_TIMES: flag(),
  LOOPER_RUN_LOG_KEEP_DAYS: number(0, 36_500, 'a number of days, 0 to 36500 (0: keep all)'),
  LOOPER_RUN_LOG_KEEP_COUNT: count('a number of runs, 0 or more (0: keep all)'),
  LOOPER_RUN_LOG_KEEP_MB: count('a number of megabytes, 0 or more (0: keep all)'),
  LOOPER_RUN_LOG_MAX_MB: count('a number of megabytes, 0 or more (0: no limit)'),
  LOOPER_MIN_FREE_MB: count('a number of megabytes, 0 or more'),
  LOOPER_DB_PATH: filePath(),
  LOOPER_RUN_TIMEOUT_SECONDS: seconds(),
  LOOPER_RUN_STALL_SECONDS: seconds(),
  LOOPER_STOP_GRACE_SECONDS: seconds(),
  LOOPER_STOP_SCOPE: oneOf('machine|own', 'machine or own'),
  LOOPER_WORKSPACE: filePath('the path of a directory'),
  LOOPER_DEFAULT_PROMPT: text('a prompt'),
  LOOPER_DEFAULT_PROMPT_FILE: filePath(),
  LOOPER_AUTO_START_WHEN_IDLE: flag(),
  LOOPER_IDLE_POLL_SECONDS: number(
    -Number.MAX_VALUE,
    MAX_SECONDS,
    `a number of seconds, up to ${MAX_SECONDS}`,
  ),
  LOOPER_IDLE_LOG_STALE_SECONDS: seconds(),
  LOOPER_AUTO_MAX_RUNS_PER_HOUR: integer(1, 3600, 'a number of runs, 1 to 3600'),
  CODEX_EXEC_LOG_DIR: filePath('the path of a directory'),
  CODEX_EXEC_BINARY: filePath('a path, or the name of a program on PATH'),
  CODEX_EXEC_DELAY_SECONDS: seconds(),
  PROMPT_SEND_DELAY_SECONDS: seconds(),
  CODEX_EXEC_STARTUP_CHECK_SECONDS: seconds(),
  LOOPER_ZULIP_REQUIRED: flag(),
  LOOPER_NOTIFY_END: oneOf('edit|message|off', 'edit, message or off'),
  ZULIP_SITE: matching(/^https?:\/\/[^/]+.*$/, 'an address that begins with https://'),
  ZULIP_BOT_EMAIL: text('the e-mail address of a Zulip bot'),
  ZULIP_BOT_API_KEY: text('the API key of a Zulip bot'),
  ZULIPRC_PATH: filePath(),
  ZULIP_PROFILE: text('the name of a section in the zuliprc file'),
  ZULIP_MESSAGE_TYPE: oneOf('stream|private', 'stream or private'),
  ZULIP_STREAM: text('the name of a channel'),
  ZULIP_TOPIC: matching(/^.{1,60}$/su, 'a topic of 1 to 60 characters'),
  ZULIP_TO: text('an e-mail address, a numeric user id, or a name'),
} as const

/** The settings after validation, numbers as numbers. */
export type Settings = {
  [Name in keyof typeof Settings]?: NonNullable<ReturnType<(typeof Settings)[Name]['read']>>
}

/** The name of a setting. */
export type SettingName = keyof Settings

/** Settings whose value is never shown, not even in an error. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set(['LOOPER_API_TOKEN', 'ZULIP_BOT_API_KEY'])

/** Settings where an empty value is a mistake rather than "not set". */
export const NEVER_EMPTY: ReadonlySet<string> = new Set(['LOOPER_API_TOKEN'])

/** Settings that are taken as they are, quotes included: words and keys. */
const VERBATIM: ReadonlySet<string> = new Set([
  'LOOPER_API_TOKEN',
  'LOOPER_DEFAULT_PROMPT',
  'ZULIP_STREAM',
  'ZULIP_TOPIC',
  'ZULIP_TO',
])

/** Looper's own secrets by their names, present and to come; those of hooks may be called so, too. */
export const SECRET_NAMES = /^LOOPER_.*(TOKEN|SECRET|KEY|PASSWORD)/

/** Variables that look like settings and are of the command line and of runs. */
const NO_SETTINGS: ReadonlySet<string> = new Set(['LOOPER_URL', 'LOOPER_RUN_ID'])

/** Names in an environment that look like settings and are none: misspelt, perhaps. */
function unknownSettings(env: NodeJS.ProcessEnv): string[] {
  const isKnown = (name: string) => name in Settings || NO_SETTINGS.has(name) || SECRET_NAMES.test(name)
  return Object.keys(env).filter((name) => /^(LOOPER|CODEX_EXEC)_/i.test(name) && !isKnown(name))
}

/** A sentence for each of {@link unknownSettings}. */
export function tellOfUnknown(env: NodeJS.ProcessEnv): string[] {
  return unknownSettings(env).map((name) => {
    const meant = meantBy(name, Object.keys(Settings))
    return `${name} is not a setting; ${meant === null ? 'is it misspelt?' : `did you mean ${meant}?`}`
  })
}

/** Whether a setting is a path, or several. */
export function isPathSetting(name: string): boolean {
  const form: Form<unknown> | undefined = Object.entries(Settings).find(([known]) => known === name)?.[1]
  return form?.isPath === true
}

/** Paths that hold the name of a variable, as a shell would take it: it stays as it is. */
export function unexpandedSettings(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(Settings).filter((name) => isPathSetting(name) && /\$\{?[A-Za-z_]/.test(env[name] ?? ''))
}

/** Settings that are in quotes, although quotes are part of their value: not meant so, perhaps. */
export function quotedSettings(env: NodeJS.ProcessEnv): string[] {
  const isQuoted = (text: string) => unquote(text) !== text
  return [...VERBATIM].filter((name) => isQuoted(env[name]?.trim() ?? ''))
}

/** Reads the settings that are set, and names every bad one: what was given and what is expected. */
export function readSettings(env: NodeJS.ProcessEnv): { settings: Settings; problems: string[] } {
  const settings: Settings = {}
  const problems: string[] = []
  for (const [name, form] of Object.entries(Settings)) {
    const given = env[name]?.trim()
    const value = given === undefined || VERBATIM.has(name) ? given : unquote(given)
    if (value === undefined || (value === '' && !NEVER_EMPTY.has(name))) continue
    const read = form.read(value)
    if (read === null) {
      const shown = value === '' || !SECRET_SETTINGS.has(name) ? JSON.stringify(value) : '(hidden)'
      problems.push(`${name}: ${shown} given, expected ${form.expected}`)
    } else {
      Object.assign(settings, { [name]: read })
    }
  }
  return { settings, problems }
}
