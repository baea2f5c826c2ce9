import { randomBytes } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import { requireToken } from './http/auth.ts'
import { shapeErrors } from './http/error-shape.ts'
import { type RunRoutesOptions, runRoutes } from './runs/routes.ts'

/** What the app is made of. */
export interface AppOptions extends RunRoutesOptions {
  readonly logger: FastifyBaseLogger
  /** Null: nobody is asked for one. */
  readonly token: string | null
}

/** A prompt of 1 MiB and half as much again for its JSON escapes. */
const BODY_LIMIT_BYTES = 1.5 * 1024 * 1024
/** From the first byte of a request to its last. */
const REQUEST_TIMEOUT_MS = 30_000

/** 8 hex digits. */
export const newRequestId = (): string => randomBytes(4).toString('hex')

/** The HTTP side: routes, token, one error shape. It never listens and never reads the environment. */
export async function buildApp({ logger, token, ...runs }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: newRequestId,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true },
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.removeContentTypeParser('text/plain')
  shapeErrors(app)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    // Without the query: it is the place where people put secrets by mistake.
    const path = request.url.replace(/\?.*/, '')
    logger.info({ request_id: request.id, method: request.method, path }, 'http.start')
  })
  app.addHook('onResponse', async (request, reply) => {
    const ms = Math.round(reply.elapsedTime)
    logger.info({ request_id: request.id, status: reply.statusCode, ms }, 'http.end')
  })

  app.get('/health', async () => ({ ok: true }))
  await app.register(async (guarded) => {
    if (token !== null) await requireToken(guarded, token)
    await guarded.register(runRoutes, runs)
  })
  return app
}
