import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Redact } from '../logging/redact.ts'
import type { StrangerLines } from './stranger-lines.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the server log tells of it; null: that is not decided. */
    isLogged: boolean | null
  }
}

/** What telling of requests needs. */
export interface RequestLogOptions {
  readonly logger: Pick<FastifyBaseLogger, 'info'>
  readonly redact: Redact
  readonly strangers: StrangerLines
  /** Whether who shows no token is a stranger. */
  readonly asksForToken: boolean
}

/** The longest path of a route is shorter, with every id in it. */
const PATH_CHARACTERS = 200

/**
 * Tells the server log when a request begins and ends: of those who are known always, of strangers as often as
 * `strangers` says. It has to come before everything that may refuse a request; `begin` behind what refuses those of other
 * hosts and origins, and `beginKnown` behind what refuses those without a token.
 */
export function logRequests(
  app: FastifyInstance,
  { logger, redact, strangers, asksForToken }: RequestLogOptions,
): { readonly begin: onRequestHookHandler; readonly beginKnown: onRequestHookHandler } {
  const decide = (request: FastifyRequest, isKnown: boolean) => {
    request.isLogged = isKnown || strangers.take()
    if (!request.isLogged) return
    const { id: request_id, method, ip: address } = request
    logger.info({ request_id, method, path: pathOf(request.url, redact), address }, 'http.start')
  }
  app.decorateRequest('isLogged', null)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    // Not onResponse: that never comes where the client went away.
    reply.raw.once('close', () => {
      const { id: request_id, caller, isLogged } = request
      // Who was refused was never known; the sender of a hook is known once the body is there.
      if (isLogged === null || (!isLogged && caller)) decide(request, caller !== null)
      if (!request.isLogged) return
      const ms = Math.round(reply.elapsedTime)
      logger.info({ request_id, caller: caller?.name, status: reply.statusCode, ms }, 'http.end')
    })
    done()
  })
  return {
    begin(request, _reply, done) {
      const isOpenToAll = request.routeOptions.config.scope === undefined
      if (isOpenToAll) decide(request, !asksForToken && !request.is404)
      done()
    },
    beginKnown(request, _reply, done) {
      if (!request.isLogged) decide(request, true)
      done()
    },
  }
}

/** Without the query: it is the place where people put secrets by mistake. Cut only after secrets were taken out. */
function pathOf(url: string, redact: Redact): string {
  const path = redact(url.replace(/\?.*/, ''))
  return path.length <= PATH_CHARACTERS ? path : `${path.slice(0, PATH_CHARACTERS)}…`
}
