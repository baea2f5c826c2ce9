import { isLoopbackName } from '../base/host-name.ts'
import { list, matching, setting } from '../settings/form.ts'
import { part } from '../settings/part.ts'

/** Whether devices are pushed to, and how. */
export interface PushSettings {
  /** Whom push services may write to; null: nothing is pushed. */
  readonly contact: string | null
  /** The origins of push services that are allowed besides those of browsers. */
  readonly services: readonly string[]
}

const forms = {
  LOOPER_PUSH_CONTACT: setting(
    matching(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s/]+\S*)$/, 'an address such as mailto:you@example.com'),
    'none',
    'switches on web push to the devices that ask for it on the dashboard, and is whom their push services may write to: `mailto:` or `https:`',
    'mailto:you@example.com',
  ),
  LOOPER_PUSH_SERVICES: setting(
    list(',', 'the https origins of push services, separated by commas', originIn),
    'none',
    'push services that devices may use besides those of Chrome, Edge, Firefox and Safari, as origins, separated by commas',
    'https://push.example.com',
  ),
}

/** The settings of web push. */
export const pushSettings = part('Web push', forms, (values, { warnings }): PushSettings => {
  const contact = values.LOOPER_PUSH_CONTACT ?? null
  const services = values.LOOPER_PUSH_SERVICES ?? []
  if (services.length > 0 && contact === null)
    warnings.push('LOOPER_PUSH_SERVICES counts for nothing: nothing is pushed without LOOPER_PUSH_CONTACT')
  return { contact, services }
})

/** What stands for a push service; without encryption only on this machine. */
function originIn(given: string): string | null {
  if (!URL.canParse(given)) return null
  const { protocol, hostname, origin, href } = new URL(given)
  const isSafe =
    protocol === 'https:' || (protocol === 'http:' && isLoopbackName(hostname.replace(/[[\]]/g, '')))
  return isSafe && href === `${origin}/` ? origin : null
}
