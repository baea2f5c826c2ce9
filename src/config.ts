import type { Agents } from './agents/agents.ts'
import { agentSettings } from './agents/settings.ts'
import { firstOf } from './base/first-of.ts'
import { type HttpSettings, httpSettings } from './http/settings.ts'
import { type LogSettings, logSettings } from './logging/settings.ts'
import type { Notice } from './notices/notice.ts'
import { type NotifyEnd, noticeSettings } from './notices/settings.ts'
import { AGENTS, NOTICES, TRIGGERS } from './plugins.ts'
import { type RunSettings, runSettings } from './runs/settings.ts'
import { ConfigError } from './settings/config-error.ts'
import type { Forms } from './settings/form.ts'
import { tellOfQuoted, tellOfUnexpanded, tellOfUnknown } from './settings/names.ts'
import { beginReading, type Places } from './settings/part.ts'
import type { Trigger } from './triggers/trigger.ts'

/** The service's settings, complete and frozen. Times are in milliseconds. */
export interface Config extends RunSettings {
  readonly http: HttpSettings
  readonly log: LogSettings
  readonly agents: Agents
  readonly triggers: readonly Trigger[]
  readonly notice: Notice
  readonly notifyEnd: NotifyEnd
  /** Things worth telling at start that do not stop it. */
  readonly warnings: readonly string[]
}

/** All settings with their owners, in the order in which the documents have them. */
export const PARTS: readonly { readonly title: string; readonly forms: Forms }[] = [
  httpSettings,
  runSettings,
  agentSettings,
  ...AGENTS.map(({ settings }) => settings),
  ...TRIGGERS.map(({ settings }) => settings),
  logSettings,
  noticeSettings,
  ...NOTICES.map(({ settings }) => settings),
]

/** Every setting there is. */
export const FORMS: Forms = Object.assign({}, ...PARTS.map(({ forms }) => forms))

/**
 * Reads the settings from an environment. An empty value counts as not set.
 * @param told what is known already that the owner should be told
 * @throws {ConfigError} naming every bad setting, what was given and what is expected
 */
export function loadConfig(env: NodeJS.ProcessEnv, places: Places, told: readonly string[] = []): Config {
  const reading = beginReading(env, places)
  const http = httpSettings.read(reading)
  const runs = runSettings.read(reading)
  const all = AGENTS.flatMap(({ settings }) => settings.read(reading))
  const agents = agentSettings.read({ ...reading, agents: all })
  const triggers = TRIGGERS.map(({ settings }) => settings.read({ ...reading, launch: runs.launch }))
  const log = logSettings.read(reading)
  const { notifyEnd } = noticeSettings.read(reading)
  const notices = NOTICES.map(({ settings }) => settings.read(reading))
  if (reading.problems.length > 0) throw new ConfigError(reading.problems)
  return freeze({
    ...runs,
    http,
    log,
    agents,
    triggers,
    notice: firstOf(notices.filter((notice) => notice !== null)),
    notifyEnd,
    warnings: [
      ...told,
      ...tellOfUnknown(env, FORMS),
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
