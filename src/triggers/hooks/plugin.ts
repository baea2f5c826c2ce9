import { messageOf } from '../../base/errors.ts'
import { broken, type Finding, ok } from '../../base/finding.ts'
import { asSetting } from '../../settings/config-error.ts'
import type { Part } from '../../settings/part.ts'
import type { Trigger, TriggerPlugin, TriggerReading, TriggerSecrets } from '../trigger.ts'
import { HOOK_PAYLOAD, HOOKS_UNUSABLE } from './errors.ts'
import { readHooks } from './hooks-file.ts'
import { hookRoutes } from './routes.ts'
import { hookSettings } from './settings.ts'

const SETTING = 'LOOPER_HOOKS_FILE'

const settings: Part<Trigger, TriggerReading> = {
  ...hookSettings,
  read: (reading) => {
    const file = hookSettings.read(reading)
    return file === null ? NONE : triggerOf(file)
  },
}

/** Webhooks: deliveries from elsewhere that start runs. */
export const hooks: TriggerPlugin = { settings, errors: [HOOK_PAYLOAD, HOOKS_UNUSABLE] }

const NONE: Trigger = {
  file: null,
  secrets: () => ({ values: [], variables: [] }),
  findings: () => [],
  open: () => ({}),
}

function triggerOf(file: string): Trigger {
  return {
    file,
    secrets: (env) => asSetting(SETTING, () => secretsOf(file, env)),
    findings: () => [check(file)],
    open: (parts) => ({
      publicRoutes: async (app) => {
        await app.register(hookRoutes, { ...parts, file })
      },
    }),
  }
}

function secretsOf(file: string, env: NodeJS.ProcessEnv): TriggerSecrets {
  const hooks = [...readHooks(file).values()]
  const variables = hooks.flatMap(({ secret_env }) => secret_env ?? [])
  const values = [...hooks.flatMap(({ secret }) => secret ?? []), ...variables.map((name) => env[name])]
  return { variables, values: values.filter((value) => value !== undefined) }
}

function check(file: string): Finding {
  try {
    readHooks(file)
    return ok('hooks', file)
  } catch (error) {
    return broken('hooks', messageOf(error), `Fix the file of ${SETTING}.`)
  }
}
