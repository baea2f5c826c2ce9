import type { Feature, FeaturePlugin } from '../feature.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import type { Part } from '../settings/part.ts'
import { DEVICE_NOT_FOUND, PUSH_FAILED, TOO_MANY_DEVICES } from './errors.ts'
import type { OpenPush } from './open.ts'
import { pushSettings } from './settings.ts'
import { PushState } from './state.ts'
import { PUSH_TABLES } from './tables.ts'

const settings: Part<Feature> = {
  ...pushSettings,
  read(reading) {
    const { contact, services } = pushSettings.read(reading)
    return { open: (parts) => (contact === null ? {} : openFeature({ contact, services }, parts)) }
  },
}

/** Tells people on their devices, by web push. */
export const push: FeaturePlugin = {
  settings,
  tables: PUSH_TABLES,
  errors: [DEVICE_NOT_FOUND, TOO_MANY_DEVICES, PUSH_FAILED],
}

/** All of it is loaded only where it is switched on: with its routes, which come before everything else. */
function openFeature(
  wanted: { readonly contact: string; readonly services: readonly string[] },
  parts: Parts,
): Opened {
  const loading = Promise.withResolvers<OpenPush>()
  return {
    routes: async (app) => {
      const { openPush } = await import('./open.ts')
      const opened = openPush(wanted, parts)
      await app.register(opened.pushRoutes, opened.routes)
      loading.resolve(opened)
    },
    status: { name: 'push', schema: PushState, look: async () => (await loading.promise).state() },
    run: async (signal) => (await loading.promise).run(signal),
  }
}
