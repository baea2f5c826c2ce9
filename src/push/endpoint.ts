/**
 * The push services of browsers, by their hosts and what is below them. The service sends to no other: an endpoint comes from
 * whoever has a token, and could name any machine that only this one reaches.
 */
const KNOWN_HOSTS = [
  'fcm.googleapis.com',
  'jmt17.google.com',
  'push.services.mozilla.com',
  'notify.windows.com',
  'push.apple.com',
]

/** What is wrong with the endpoint of a device, as a sentence; null: nothing. @param others origins that are allowed besides */
export function endpointFault(endpoint: string, others: readonly string[]): string | null {
  if (!URL.canParse(endpoint)) return 'it is no address'
  const { protocol, hostname, port, origin, username, password } = new URL(endpoint)
  if (username !== '' || password !== '') return 'it names a user'
  if (others.includes(origin)) return null
  if (protocol !== 'https:') return 'it is not https'
  const isKnown = KNOWN_HOSTS.some((known) => hostname === known || hostname.endsWith(`.${known}`))
  if (isKnown && port === '') return null
  return `${origin} is no push service that is known here; its owner can name it in LOOPER_PUSH_SERVICES`
}
