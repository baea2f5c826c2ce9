import { type Static, Type } from 'typebox'
import { MAX_SECONDS } from './clock.ts'

const text = (expected: string) => Type.Optional(Type.String({ minLength: 1, description: expected }))
const oneOf = (pattern: string, expected: string) =>
  Type.Optional(Type.String({ pattern: `^(?i:${pattern})$`, description: expected }))
const flag = () => oneOf('1|true|yes|on|0|false|no|off', 'one of 1, true, yes, on, 0, false, no, off')
const seconds = () =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: MAX_SECONDS,
      description: `a number of seconds, 0 to ${MAX_SECONDS}`,
    }),
  )

const count = (expected: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: expected }))

/**
 * Every setting, as environment variables carry it; each `description` says what a good value is.
 * `.env.example` and the README list the same names.
 */
export const Settings = Type.Object({
  LOOPER_HOST: text('an address or host name to listen on'),
  LOOPER_PORT: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 65_535, description: 'a port, 0 to 65535 (0: any free one)' }),
  ),
  // What a header cannot carry could never match.
  LOOPER_API_TOKEN: Type.Optional(
    Type.String({
      pattern: '^[ -~]+$',
      description: 'a token of at least one character, all of them ASCII; leave the variable out for none',
    }),
  ),
  LOOPER_TOKENS_FILE: text('a file path'),
  LOOPER_ALLOW_UNAUTHENTICATED: flag(),
  LOOPER_ALLOWED_HOSTS: text('host names without ports, separated by commas'),
  LOOPER_WORKSPACE_ROOTS: text('paths of directories, separated by colons; / allows all'),
  LOOPER_ALLOWED_EXECUTABLES: text('paths, or names of programs on PATH, separated by colons'),
  LOOPER_HOOKS_FILE: text('a file path'),
  LOOPER_AGENT_ENV_PASS: text('names of variables, separated by commas'),
  LOOPER_LOG_LEVEL: oneOf(
    'trace|debug|info|warn|warning|error|fatal|critical|silent',
    'one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, SILENT',
  ),
  LOOPER_SERVER_LOG_PATH: text('a file path'),
  LOOPER_MIRROR_OUTPUT: flag(),
  LOOPER_RUN_LOG_KEEP_DAYS: Type.Optional(
    Type.Number({ minimum: 0, maximum: 36_500, description: 'a number of days, 0 to 36500 (0: keep all)' }),
  ),
  LOOPER_RUN_LOG_KEEP_COUNT: count('a number of runs, 0 or more (0: keep all)'),
  LOOPER_RUN_LOG_KEEP_MB: count('a number of megabytes, 0 or more (0: keep all)'),
  LOOPER_RUN_LOG_MAX_MB: count('a number of megabytes, 0 or more (0: no limit)'),
  LOOPER_MIN_FREE_MB: count('a number of megabytes, 0 or more'),
  LOOPER_DB_PATH: text('a file path'),
  LOOPER_RUN_TIMEOUT_SECONDS: seconds(),
  LOOPER_RUN_STALL_SECONDS: seconds(),
  LOOPER_STOP_GRACE_SECONDS: seconds(),
  LOOPER_STOP_SCOPE: oneOf('machine|own', 'machine or own'),
  LOOPER_WORKSPACE: text('the path of a directory'),
  LOOPER_DEFAULT_PROMPT: text('a prompt'),
  LOOPER_DEFAULT_PROMPT_FILE: text('a file path'),
  LOOPER_AUTO_START_WHEN_IDLE: flag(),
  LOOPER_IDLE_POLL_SECONDS: Type.Optional(
    Type.Number({ maximum: MAX_SECONDS, description: `a number of seconds, up to ${MAX_SECONDS}` }),
  ),
  LOOPER_IDLE_LOG_STALE_SECONDS: seconds(),
  LOOPER_AUTO_MAX_RUNS_PER_HOUR: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3600, description: 'a number of runs, 1 to 3600' }),
  ),
  CODEX_EXEC_LOG_DIR: text('the path of a directory'),
  CODEX_EXEC_BINARY: text('a path, or the name of a program on PATH'),
  CODEX_EXEC_DELAY_SECONDS: seconds(),
  PROMPT_SEND_DELAY_SECONDS: seconds(),
  CODEX_EXEC_STARTUP_CHECK_SECONDS: seconds(),
  LOOPER_ZULIP_REQUIRED: flag(),
  LOOPER_NOTIFY_END: oneOf('edit|message|off', 'edit, message or off'),
  ZULIP_SITE: Type.Optional(
    Type.String({ pattern: '^https?://[^/]+.*$', description: 'an address that begins with https://' }),
  ),
  ZULIP_BOT_EMAIL: text('the e-mail address of a Zulip bot'),
  ZULIP_BOT_API_KEY: text('the API key of a Zulip bot'),
  ZULIPRC_PATH: text('a file path'),
  ZULIP_PROFILE: text('the name of a section in the zuliprc file'),
  ZULIP_MESSAGE_TYPE: oneOf('stream|private', 'stream or private'),
  ZULIP_STREAM: text('the name of a channel'),
  ZULIP_TOPIC: Type.Optional(
    Type.String({ minLength: 1, maxLength: 60, description: 'a topic of 1 to 60 characters' }),
  ),
  ZULIP_TO: text('an e-mail address, a numeric user id, or a name'),
})

/** The settings after validation, numbers as numbers. */
export type Settings = Static<typeof Settings>

/** The name of a setting. */
export type SettingName = keyof Settings

/** Settings whose value is never shown, not even in an error. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set(['LOOPER_API_TOKEN', 'ZULIP_BOT_API_KEY'])

/** Settings where an empty value is a mistake rather than "not set". */
export const NEVER_EMPTY: ReadonlySet<string> = new Set(['LOOPER_API_TOKEN'])
