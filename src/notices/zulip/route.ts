import { messageOf } from '../../base/errors.ts'
import type { NoticeRoute } from '../notice.ts'
import type { ZulipSettings } from './settings.ts'
import { describeRoute } from './zulip.ts'
import { findCredentials, placeOf } from './zuliprc.ts'

/** How notices would be sent now, from the settings and the zuliprc file. Looks anew at each call. */
export function routeOf(settings: ZulipSettings): NoticeRoute {
  const route = describeRoute(settings)
  try {
    const credentials = findCredentials(settings)
    switch (credentials.kind) {
      case 'ready':
        return { kind: 'zulip', route, problem: null }
      case 'incomplete':
        return {
          kind: 'zulip',
          route,
          problem: `missing ${credentials.missing.join(', ')}${placeOf(credentials)}`,
        }
      case 'none':
        return {
          kind: 'log',
          route: null,
          problem: settings.required ? 'no Zulip credentials (LOOPER_ZULIP_REQUIRED is on)' : null,
        }
    }
  } catch (error) {
    return { kind: 'zulip', route, problem: messageOf(error) }
  }
}
