import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import { requireToken } from './http/auth.ts'
import { compilers } from './http/body-check.ts'
import { answerClientError } from './http/client-error.ts'
import { boundConnections, mostConnections } from './http/connections.ts'
import { noteRoutes } from './http/described.ts'
import { answerBadAddress, shapeErrors } from './http/error-shape.ts'
import type { StreamPatience } from './http/event-stream.ts'
import type { Failures } from './http/failures.ts'
import { guard, type HostRules } from './http/guards.ts'
import { healthRoutes } from './http/health.ts'
import { takeJsonOnly } from './http/json-body.ts'
import type { Readiness } from './http/readiness.ts'
import { logRequests } from './http/request-log.ts'
import { limitStrangerLines } from './http/stranger-lines.ts'
import type { TokenCheck } from './http/tokens.ts'
import type { Redact } from './logging/redact.ts'
import { logPartRoutes } from './logs/part-routes.ts'
import { logRoutes } from './logs/routes.ts'
import { transcriptRoutes } from './logs/transcript-routes.ts'
import { verifyRoutes } from './logs/verify-routes.ts'
import type { Opened } from './plugin.ts'
import type { Ledger } from './record/ledger.ts'
import type { Changes } from './runs/changes/changes.ts'
import { diffRoutes } from './runs/changes/routes.ts'
import { eventsRoute } from './runs/events-route.ts'
import { type RunRoutesOptions, runRoutes } from './runs/routes.ts'

/** What the app is made of. */
export interface AppOptions extends RunRoutesOptions {
  readonly ledger: RunRoutesOptions['ledger'] & Pick<Ledger, 'outboxCounts'>
  readonly logger: FastifyBaseLogger
  /** Told the start and the end of every request. */
  readonly requestLogger: Pick<FastifyBaseLogger, 'info'>
  readonly redact: Redact
  readonly hosts: HostRules
  /** Null: nobody is asked for one. */
  readonly tokens: TokenCheck | null
  readonly failures: Failures
  readonly plugins: readonly Opened[]
  readonly problems: Readiness
  readonly changes: Changes
  /** How many may be open at once; by default as many as leave descriptors for the rest. */
  readonly mostConnections?: number
  /** How long a client may take. */
  readonly patience?: Patience
}

/** How long a client may take, in milliseconds. */
export interface Patience extends StreamPatience {
  /** From the first byte of a request to its last. */
  readonly requestMs: number
  readonly headersMs: number
  /** How often slow requests are looked for. */
  readonly checkMs: number
}

/** A prompt of 1 MiB and half as much again for its JSON escapes. */
const BODY_LIMIT_BYTES = 1.5 * 1024 * 1024
const PATIENCE: Patience = {
  requestMs: 30_000,
  headersMs: 10_000,
  checkMs: 1000,
  heartbeatMs: 15_000,
  drainMs: 10_000,
}

/** 8 hex digits. */
export const newRequestId = (): string => randomUUID().slice(0, 8)

/** The HTTP side: routes, guards, tokens, one error shape. It never listens and never reads the environment. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const {
    logger,
    requestLogger,
    tokens,
    failures,
    plugins,
    problems,
    changes,
    mostConnections: most = mostConnections(),
    patience = PATIENCE,
    ...runs
  } = options
  const streams = { ledger: runs.ledger, steps: runs.steps, clock: runs.clock, patience }
  const strangers = limitStrangerLines(runs.clock, (requests) => {
    logger.info({ requests }, 'http.left_out')
  })
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: newRequestId,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: patience.requestMs,
    http: { headersTimeout: patience.headersMs, connectionsCheckingInterval: patience.checkMs },
    clientErrorHandler: (error, socket) => {
      const request_id = newRequestId()
      const code = answerClientError(error, socket, request_id)
      if (code === null || !strangers.take()) return
      logger.info({ request_id, code, address: socket.remoteAddress }, 'http.refused')
    },
    frameworkErrors: answerBadAddress,
    forceCloseConnections: true,
    schemaController: compilers,
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.decorateRequest('caller', null)
  app.decorateRequest('isAllowed', () => true)
  takeJsonOnly(app)
  shapeErrors(app, options.redact, runs.clock)

  const { hold } = boundConnections(app.server, {
    most,
    clock: runs.clock,
    full: () => logger.warn({ connections: most }, 'http.connections.full'),
  })
  app.addHook('onClose', strangers.close)
  const { begin, beginKnown } = logRequests(app, {
    logger: requestLogger,
    redact: options.redact,
    strangers,
    asksForToken: tokens !== null,
  })
  guard(app, options.hosts)
  app.addHook('onRequest', begin)

  noteRoutes(app)
  await app.register(healthRoutes, { problems, ledger: runs.ledger })
  for (const plugin of plugins) await plugin.publicRoutes?.(app, hold)
  await app.register(async (guarded) => {
    if (tokens) await requireToken(guarded, tokens, failures)
    guarded.addHook('onRequest', hold)
    guarded.addHook('onRequest', beginKnown)
    await guarded.register(runRoutes, runs)
    await guarded.register(logRoutes, streams)
    await guarded.register(logPartRoutes, streams)
    await guarded.register(verifyRoutes, streams)
    await guarded.register(diffRoutes, { ledger: runs.ledger, changes })
    await guarded.register(transcriptRoutes, { ...streams, agents: runs.defaults.agents })
    const others = plugins.flatMap(({ events }) => events ?? [])
    await guarded.register(eventsRoute, { ...streams, others })
    for (const plugin of plugins) await plugin.routes?.(guarded)
  })
  return app
}
