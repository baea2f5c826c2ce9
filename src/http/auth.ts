import bearerAuth from '@fastify/bearer-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LooperError } from '../base/errors.ts'
import type { Failures } from './failures.ts'
import { type Caller, includes, type Scope, type TokenCheck } from './tokens.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token it carries; null where none is asked for. */
    caller: Caller | null
    /** Whether it would still be let in: its token may have been taken back since, or have expired. */
    isAllowed: () => boolean
  }
  interface FastifyContextConfig {
    /** The scope that a route needs; without one, `admin`. */
    readonly scope?: Scope
  }
}

/**
 * Asks every request of this context for a token, as `Authorization: Bearer` or `X-Looper-Token`; either may match. The
 * token's scope must include the route's.
 */
export async function requireToken(
  app: FastifyInstance,
  tokens: TokenCheck,
  failures: Failures,
): Promise<void> {
  await app.register(bearerAuth, {
    keys: new Set<string>(),
    addHook: false,
    specCompliance: 'rfc6749',
    // Pino's level for nothing: the lines of the request tell of it, and there are bounds to those.
    verifyErrorLogLevel: 'silent',
    auth: (bearer, request) => {
      const callerNow = () => tokens.callerOf(bearer) ?? tokens.callerOf(olderToken(request) ?? '')
      request.isAllowed = () => callerNow() !== null
      request.caller = callerNow()
      return request.caller !== null
    },
  })
  app.addHook('onRequest', async (request) => {
    // bearer-auth looks at one header only; what a proxy put there for itself is no token of ours.
    const older = olderToken(request)
    const { headers } = request.raw
    if (older !== undefined && !/^bearer /i.test(headers.authorization ?? ''))
      headers.authorization = `Bearer ${older}`
  })
  app.addHook('onRequest', (request, reply, done) => {
    app.verifyBearerAuth?.(request, reply, (error) => {
      if (!error) return done()
      done(refusal(request, reply, tokens, failures))
    })
  })
  app.addHook('onRequest', async (request) => {
    const { caller, routeOptions } = request
    request.log = request.log.child({ caller: caller?.name })
    const wanted = routeOptions.config.scope ?? 'admin'
    if (caller && includes(caller.scope, wanted)) return
    throw new LooperError('LOOPER_FORBIDDEN', `this needs a token of scope '${wanted}'`)
  })
}

/** All tokens that a request shows; an empty one counts, as whoever shows it means to. */
export function shownTokens({ headers }: Pick<FastifyRequest, 'headers'>): readonly string[] {
  const bearer = /^bearer\b *(.*)$/i.exec(headers.authorization ?? '')?.[1]
  const older = headers['x-looper-token']
  return [bearer, older].filter((token) => typeof token === 'string')
}

/** What to answer to a request whose tokens are not good. */
export function refusal(
  request: FastifyRequest,
  reply: FastifyReply,
  tokens: Pick<TokenCheck, 'hasExpired'> | null,
  failures: Failures,
): LooperError {
  // Whoever knows it guesses nothing: that is not counted.
  if (tokens && shownTokens(request).some((token) => tokens.hasExpired(token)))
    return new LooperError('LOOPER_TOKEN_EXPIRED', 'the token has expired')
  return refuse(request, reply, failures)
}

/** Notes a failed attempt, and says what to answer: after too many of them, to wait. */
export function refuse(request: FastifyRequest, reply: FastifyReply, failures: Failures): LooperError {
  const waitSeconds = failures.count(request.ip)
  if (waitSeconds === null) return new LooperError('LOOPER_UNAUTHORIZED', 'unauthorized')
  reply.header('retry-after', waitSeconds)
  return new LooperError('LOOPER_RATE_LIMITED', 'too many failed attempts from this address')
}

function olderToken(request: FastifyRequest): string | undefined {
  const header = request.headers['x-looper-token']
  return typeof header === 'string' ? header : undefined
}
