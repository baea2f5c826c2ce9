import type { Agent } from './agents/agent.ts'
import type { Agents } from './agents/agents.ts'
import { agentSettings } from './agents/settings.ts'
import { firstOf } from './base/first-of.ts'
import type { TSchema } from './base/schema.ts'
import type { Feature } from './feature.ts'
import { type HttpSettings, httpSettings } from './http/settings.ts'
import { type LogSettings, logSettings } from './logging/settings.ts'
import type { Notice } from './notices/notice.ts'
import { type NotifyEnd, noticeSettings } from './notices/settings.ts'
import { AGENTS, FEATURES, NOTICES, TRIGGERS } from './plugins.ts'
import { type RunSettings, runSettings } from './runs/settings.ts'
import { ConfigError } from './settings/config-error.ts'
import { configFileSettings } from './settings/config-file.ts'
import type { Forms } from './settings/form.ts'
import { tellOfQuoted, tellOfUnexpanded, tellOfUnknown } from './settings/names.ts'
import { beginReading, type Part, type Places } from './settings/part.ts'
import type { Trigger } from './triggers/trigger.ts'

/** The service's settings, complete and frozen. Times are in milliseconds. */
export interface Config extends RunSettings {
  readonly http: HttpSettings
  readonly log: LogSettings
  readonly agents: Agents
  readonly triggers: readonly Trigger[]
  readonly features: readonly Feature[]
  readonly notice: Notice
  readonly notifyEnd: NotifyEnd
  /** Null: there is none. */
  readonly configFile: string | null
  /** A sentence for each name that looks like a setting and is none; they are among the warnings. */
  readonly unknown: readonly string[]
  /** Things worth telling at start that do not stop it. */
  readonly warnings: readonly string[]
}

/** All settings with their owners, in the order in which the documents have them. */
export const PARTS: readonly Pick<Part<unknown>, 'title' | 'forms' | 'keys'>[] = [
  httpSettings,
  runSettings,
  agentSettings,
  ...AGENTS.map(({ settings }) => settings),
  configFileSettings,
  ...TRIGGERS.map(({ settings }) => settings),
  logSettings,
  ...FEATURES.map(({ settings }) => settings),
  noticeSettings,
  ...NOTICES.map(({ settings }) => settings),
]

/** Every setting there is. */
export const FORMS: Forms = Object.assign({}, ...PARTS.map(({ forms }) => forms))

/** What the config file may hold, by its keys. */
export const KEYS: Readonly<Record<string, TSchema>> = Object.assign({}, ...PARTS.map(({ keys }) => keys))

/**
 * Reads the settings from an environment. An empty value counts as not set.
 * @param told what is known already that the owner should be told
 * @throws {ConfigError} naming every bad setting, what was given and what is expected
 */
export function loadConfig(env: NodeJS.ProcessEnv, places: Places, told: readonly string[] = []): Config {
  const begun = beginReading(env, places)
  const file = configFileSettings.read(begun)
  const reading = { ...begun, file }
  const http = httpSettings.read(reading)
  const runs = runSettings.read(reading)
  const all: Agent[] = []
  for (const { settings } of AGENTS) all.push(...settings.read({ ...reading, agents: all }))
  const agents = agentSettings.read({ ...reading, agents: all })
  const triggers = TRIGGERS.map(({ settings }) => settings.read({ ...reading, launch: runs.launch }))
  const log = logSettings.read(reading)
  const features = FEATURES.map(({ settings }) => settings.read(reading))
  const { notifyEnd } = noticeSettings.read(reading)
  const notices = NOTICES.map(({ settings }) => settings.read(reading))
  const unknown = [...tellOfUnknown(env, FORMS), ...file.tellOfUnknown(Object.keys(KEYS))]
  if (reading.problems.length > 0) throw new ConfigError(reading.problems)
  return freeze({
    ...runs,
    http,
    log,
    agents,
    triggers,
    features,
    notice: firstOf(notices.filter((notice) => notice !== null)),
    notifyEnd,
    configFile: file.path,
    unknown,
    warnings: [
      ...told,
      ...unknown,
      ...tellOfQuoted(env, FORMS),
      ...tellOfUnexpanded(env, FORMS),
      ...reading.warnings,
    ],
  })
}

function freeze<T>(value: T): T {
  for (const part of Object.values(Object(value))) if (typeof part === 'object') freeze(part)
  return Object.freeze(value)
}
