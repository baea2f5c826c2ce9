import { createHash, timingSafeEqual } from 'node:crypto'
import bearerAuth from '@fastify/bearer-auth'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * Asks every request of this context for the token, as `Authorization: Bearer` or `X-Looper-Token`; either may match.
 * A wrong one is answered 401 by the error shape.
 */
export async function requireToken(app: FastifyInstance, token: string): Promise<void> {
  const matches = (given: string) => timingSafeEqual(digest(given), digest(token))
  await app.register(bearerAuth, {
    keys: new Set<string>(),
    addHook: false,
    specCompliance: 'rfc6749',
    verifyErrorLogLevel: 'debug',
    auth: (bearer, request) => matches(bearer) || matches(olderToken(request) ?? ''),
  })
  app.addHook('onRequest', async (request) => {
    // bearer-auth looks at one header only.
    const older = olderToken(request)
    if (older !== undefined) request.raw.headers.authorization ??= `Bearer ${older}`
  })
  app.addHook('onRequest', (request, reply, done) => app.verifyBearerAuth?.(request, reply, done))
}

function olderToken(request: FastifyRequest): string | undefined {
  const header = request.headers['x-looper-token']
  return typeof header === 'string' ? header : undefined
}

/** Equal lengths, so that a comparison takes the same time whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
