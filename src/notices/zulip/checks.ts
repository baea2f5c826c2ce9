import { messageOf } from '../../base/errors.ts'
import { broken, type Finding, ok, warning } from '../../base/finding.ts'
import { routeOf } from './route.ts'
import type { ZulipSettings } from './settings.ts'
import { describeRoute } from './zulip.ts'
import { describeMissing, findCredentials } from './zuliprc.ts'

const REMEDY = 'Fix ZULIP_SITE, ZULIP_BOT_EMAIL and ZULIP_BOT_API_KEY, or the zuliprc file.'

/** What is wrong with the settings; null: nothing. */
export function checkSettings(settings: ZulipSettings): Finding | null {
  const problem = checkCredentials(settings)
  if (problem !== null || !settings.listens) return problem
  if (routeOf(settings).kind === 'log')
    return broken('zulip', 'ZULIP_LISTEN is on, and there are no credentials', REMEDY)
  if (settings.people.length > 0) return null
  return broken(
    'zulip',
    'ZULIP_LISTEN is on, and nobody may answer or command',
    'Set LOOPER_PEOPLE to the numbers of users, or set ZULIP_LISTEN=0.',
  )
}

/** Whether the credentials are complete; null where they are. */
function checkCredentials(settings: ZulipSettings): Finding | null {
  try {
    const found = findCredentials(settings)
    if (found.kind === 'incomplete') return broken('zulip', describeMissing(found), REMEDY)
    if (found.kind === 'ready' || !settings.required) return null
    return broken('zulip', 'no credentials, and LOOPER_ZULIP_REQUIRED is on', REMEDY)
  } catch (error) {
    return broken('zulip', messageOf(error), REMEDY)
  }
}

/** Whether Zulip can be reached, and knows the bot. Nothing is sent. */
export async function probeZulip(
  settings: ZulipSettings,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding> {
  const problem = checkSettings(settings)
  if (problem) return problem
  try {
    const found = findCredentials(settings)
    if (found.kind !== 'ready') {
      return warning(
        'zulip',
        'no credentials: notices go to the server log only',
        'Set ZULIP_SITE, ZULIP_BOT_EMAIL and ZULIP_BOT_API_KEY, if you want them in Zulip.',
      )
    }
    const { openZulip } = await import('./client.ts')
    const me = await (await openZulip(found.account, env, signal)).me()
    return ok('zulip', `${me.full_name} at ${found.account.site}, ${describeRoute(settings)}`)
  } catch (error) {
    return broken('zulip', messageOf(error), REMEDY)
  }
}

/** What a service that starts should tell of it. */
export function startWarning(settings: ZulipSettings): string | null {
  const found = findCredentials(settings)
  switch (found.kind) {
    case 'none':
      return 'No Zulip credentials: notices go to the server log only'
    case 'incomplete':
      return `${describeMissing(found)}: no notice can be sent, so every request for a run is refused`
    case 'ready': {
      const finding = checkSettings(settings)
      return finding && `${finding.text}. ${finding.remedy}`
    }
  }
}
