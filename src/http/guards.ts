import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LooperError } from '../base/errors.ts'
import { allowOrigin } from './cross-origin.ts'
import type { HttpSettings } from './settings.ts'

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
  /** Names whose pages may ask, whatever the request calls the service: a proxy may have changed that, or its port. */
  readonly pages: readonly string[]
  /** Origins whose pages may ask for what is meant for pages that are served elsewhere. */
  readonly origins: readonly string[]
  /** What else will do. */
  readonly others: 'none' | 'addresses' | 'any'
}

/**
 * On loopback only its own names. Elsewhere any name, where none is set and a token is asked for; else an address or a
 * name that is known: a page could make any other name lead here.
 */
export function hostRulesOf(http: HttpSettings): HostRules {
  const { host, isLoopback, allowedHosts, allowedOrigins: origins, token, tokensFile } = http
  const own = host.toLowerCase()
  const allowed = [own, ...allowedHosts]
  // What else listens on this machine has pages, too, on other ports.
  const pages = allowedHosts.filter((name) => name !== own && !LOOPBACK_NAMES.has(name))
  if (isLoopback) return { allowed, pages, origins, others: 'none' }
  const asksForToken = token !== null || tokensFile !== null
  return { allowed, pages, origins, others: asksForToken && allowedHosts.length === 0 ? 'any' : 'addresses' }
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
    done(refusalOf(request, reply, rules) ?? undefined)
  })
}

function refusalOf(request: FastifyRequest, reply: FastifyReply, rules: HostRules): LooperError | null {
  if (!isKnown(hostOf(request), rules)) {
    return new LooperError(
      'LOOPER_HOST_UNKNOWN',
      'this service does not answer to the host name in the request',
    )
  }
  if (allowOrigin(request, reply, rules.origins)) return null
  if (isFollowedLink(request) || isOwnOrigin(request, rules)) return null
  return new LooperError('LOOPER_ORIGIN_FORBIDDEN', 'requests from web pages of another origin are refused')
}

/** The name that a request asks for, without its port; null where it names none. */
function hostOf(request: FastifyRequest): string | null {
  // RFC 9112, 3.2.2: an address as the target counts, whatever the header says.
  const target = /^[a-z]+:\/\/([^/?#]*)/i.exec(request.url)?.[1]
  const name = target ?? request.headers.host
  return name === undefined ? null : hostName(name)
}

function isKnown(name: string | null, { allowed, others }: HostRules): boolean {
  // HTTP/1.0, as health checks speak it. Browsers always say which name led them here.
  if (name === null) return true
  // Nobody else's name ever leads to loopback as "localhost", nor as an address.
  if (LOOPBACK_NAMES.has(name) || allowed.includes(name)) return true
  return others === 'any' || (others === 'addresses' && isIP(name) !== 0)
}

/** A click on a link, in a chat perhaps; no script ever sees the answer to that. */
function isFollowedLink({ headers, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.linkable === true && headers['sec-fetch-mode'] === 'navigate'
}

/** Browsers send `Origin` with every POST, and `Sec-Fetch-Site` with everything; programs send neither. */
function isOwnOrigin({ headers }: FastifyRequest, { pages }: HostRules): boolean {
  const { 'sec-fetch-site': site, origin, host } = headers
  if (site === 'cross-site' || site === 'same-site') return false
  if (origin === undefined) return true
  const from = /^https?:\/\/(.+)$/.exec(origin)?.[1]
  return from !== undefined && (from === host || pages.includes(hostName(from)))
}

function hostName(host: string): string {
  return (
    host
      .replace(/:\d+$/, '')
      .replace(/^\[(.*)\]$/, '$1')
      // The root of all names, which need not be said (RFC 1034, 3.1).
      .replace(/\.$/, '')
      .toLowerCase()
  )
}
