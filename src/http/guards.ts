import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { LooperError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether pages of other origins may link to it: a page that holds nothing. */
    readonly linkable?: boolean
  }
}

/** Which names the service answers to. */
export interface HostRules {
  /** Names, without port, besides those of loopback. */
  readonly allowed: readonly string[]
  /** What else will do. */
  readonly others: 'none' | 'addresses' | 'any'
}

/**
 * On loopback only its own names. Elsewhere any name, where none is set and a token is asked for; else an address or a
 * name that is known: a page could make any other name lead here.
 */
export function hostRulesOf(http: Config['http']): HostRules {
  const { host, isLoopback, allowedHosts, token, tokensFile } = http
  const allowed = [host.toLowerCase(), ...allowedHosts]
  if (isLoopback) return { allowed, others: 'none' }
  const asksForToken = token !== null || tokensFile !== null
  return { allowed, others: asksForToken && allowedHosts.length === 0 ? 'any' : 'addresses' }
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/** Answers are JSON for programs: nothing in them may be sniffed, framed, cached or run. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * Guards against web pages: a request must name this host (against DNS rebinding), and must not come from another
 * origin. Adds the security headers to every answer.
 */
export function guard(app: FastifyInstance, rules: HostRules): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS)
    done(refusalOf(request, rules) ?? undefined)
  })
}

function refusalOf(request: FastifyRequest, rules: HostRules): LooperError | null {
  if (!isKnown(hostOf(request), rules)) {
    return new LooperError('LOOPER_HOST_UNKNOWN', 'this service is not called what the request calls it')
  }
  if (isFollowedLink(request) || isOwnOrigin(request)) return null
  return new LooperError('LOOPER_ORIGIN_FORBIDDEN', 'requests from web pages of another origin are refused')
}

/** The name that a request asks for, without its port. */
function hostOf(request: FastifyRequest): string {
  // RFC 9112, 3.2.2: an address as the target counts, whatever the header says.
  const target = /^[a-z]+:\/\/([^/?#]*)/i.exec(request.url)?.[1]
  return hostName(target ?? request.headers.host ?? '')
}

function isKnown(name: string, { allowed, others }: HostRules): boolean {
  // Nobody else's name ever leads to loopback as "localhost", nor as an address.
  if (LOOPBACK_NAMES.has(name) || allowed.includes(name)) return true
  return others === 'any' || (others === 'addresses' && isIP(name) !== 0)
}

/** A click on a link, in a chat perhaps; no script ever sees the answer to that. */
function isFollowedLink({ headers, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.linkable === true && headers['sec-fetch-mode'] === 'navigate'
}

/** Browsers send `Origin` with every POST, and `Sec-Fetch-Site` with everything; programs send neither. */
function isOwnOrigin({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  const { origin, host } = headers
  const isForeign = site === 'cross-site' || site === 'same-site'
  if (isForeign) return false
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`
}

function hostName(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
}
