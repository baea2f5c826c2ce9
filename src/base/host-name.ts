import { isIP, isIPv6 } from 'node:net'

/**
 * A host as requests name it: lower case, an IPv6 address without brackets. Taken out of an address with scheme and port,
 * too. Null for what no request can name, such as a wildcard.
 */
export function hostNameOf(given: string): string | null {
  const authority = given.replace(/^https?:\/\//i, '')
  const address = `http://${isIPv6(authority) ? `[${authority}]` : authority}`
  if (!URL.canParse(address)) return null
  const { hostname, origin, href } = new URL(address)
  // Whatever stands beside host and port was meant to count.
  if (href !== `${origin}/`) return null
  const name = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  return isIP(name) || /^[\w.-]+$/.test(name) ? name : null
}

/** An origin exactly as browsers send it (RFC 6454, 6.2), with a host that can be named; null for what is none. */
export function originOf(given: string): string | null {
  const isOrigin = /^https?:/.test(given) && URL.parse(given)?.origin === given
  return isOrigin && hostNameOf(given) !== null ? given : null
}

/** Whether a name always leads to the machine that asks: RFC 6761, 6.3. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name)
}

/** Whether it is written as an address of loopback. */
export const isLoopbackAddress = (host: string): boolean => host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** An address or name to listen on, an IPv6 address without brackets; null for what is none, such as one with a port. */
export function listenHostOf(given: string): string | null {
  const host = given.toLowerCase()
  const bracketed = /^\[(.*)\]$/.exec(host)?.[1]
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : null
  return isIP(host) || /^[a-z0-9_][\w.-]*$/.test(host) ? host : null
}
