import { messageOf } from '../base/errors.ts'
import type { ZulipSettings } from '../settings/config.ts'
import { describeRoute } from './zulip/zulip.ts'
import { findCredentials, placeOf } from './zulip/zuliprc.ts'

/** How notices would be sent now, from the settings and the zuliprc file; nothing is sent. */
export interface NoticeRoute {
  /** `log`: there are no credentials, so notices go to the server log only. */
  readonly kind: 'zulip' | 'log'
  readonly route: string | null
  /** Why they would fail; null where nothing is known against it. */
  readonly problem: string | null
}

/** Looks anew at each call. */
export function noticeRoute(settings: ZulipSettings): NoticeRoute {
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

/** The same as one line for whoever plans a run: nothing is named that is not there. */
export function plannedRoute(settings: ZulipSettings): string {
  const { route, problem } = noticeRoute(settings)
  const where = route ?? (problem === null ? 'server log only, no Zulip is configured' : 'none')
  return problem === null ? where : `${where}; it would fail: ${problem}`
}
