import { randomBytes } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import { type HookRoutesOptions, hookRoutes } from './hooks/routes.ts'
import { requireToken } from './http/auth.ts'
import { compilers } from './http/body-check.ts'
import { answerClientError } from './http/client-error.ts'
import { answerBadAddress, shapeErrors } from './http/error-shape.ts'
import type { Failures } from './http/failures.ts'
import { guard, type HostRules } from './http/guards.ts'
import { takeJsonOnly } from './http/json-body.ts'
import type { TokenCheck } from './http/tokens.ts'
import type { Redact } from './logging/redact.ts'
import { type RunRoutesOptions, runRoutes } from './runs/routes.ts'

/** What the app is made of. */
export interface AppOptions extends RunRoutesOptions {
  readonly logger: FastifyBaseLogger
  readonly redact: Redact
  readonly hosts: HostRules
  /** Null: nobody is asked for one. */
  readonly tokens: TokenCheck | null
  readonly failures: Failures
  /** Null: there are no hooks. */
  readonly hooks: Pick<HookRoutesOptions, 'file' | 'env'> | null
  /** How long a client may take. */
  readonly patience?: Patience
}

/** How long a client may take, in milliseconds. */
export interface Patience {
  /** From the first byte of a request to its last. */
  readonly requestMs: number
  readonly headersMs: number
  /** How often slow requests are looked for. */
  readonly checkMs: number
}

/** A prompt of 1 MiB and half as much again for its JSON escapes. */
const BODY_LIMIT_BYTES = 1.5 * 1024 * 1024
const PATIENCE: Patience = { requestMs: 30_000, headersMs: 10_000, checkMs: 1000 }

/** 8 hex digits. */
export const newRequestId = (): string => randomBytes(4).toString('hex')

/** The HTTP side: routes, guards, tokens, one error shape. It never listens and never reads the environment. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { logger, tokens, hooks, failures, patience = PATIENCE, ...runs } = options
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: newRequestId,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: patience.requestMs,
    http: { headersTimeout: patience.headersMs, connectionsCheckingInterval: patience.checkMs },
    clientErrorHandler: answerClientError,
    frameworkErrors: answerBadAddress,
    forceCloseConnections: true,
    schemaController: compilers,
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.decorateRequest('caller', null)
  takeJsonOnly(app)
  shapeErrors(app, options.redact)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    // Without the query: it is the place where people put secrets by mistake.
    const path = request.url.replace(/\?.*/, '')
    logger.info({ request_id: request.id, method: request.method, path, address: request.ip }, 'http.start')
  })
  app.addHook('onResponse', async (request, reply) => {
    const ms = Math.round(reply.elapsedTime)
    const caller = request.caller?.name
    logger.info({ request_id: request.id, caller, status: reply.statusCode, ms }, 'http.end')
  })
  guard(app, options.hosts)

  app.get('/health', async () => ({ ok: true }))
  if (hooks) await app.register(hookRoutes, { ...runs, ...hooks, failures })
  await app.register(async (guarded) => {
    if (tokens) await requireToken(guarded, tokens, failures)
    await guarded.register(runRoutes, runs)
  })
  return app
}
