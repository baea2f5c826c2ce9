import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../base/clock.ts'
import type { ErrorKind } from '../base/error-kinds.ts'
import { kindOf, LooperError } from '../base/errors.ts'
import type { Redact } from '../logging/redact.ts'
import { fieldError, MISSING_MESSAGE } from './field-error.ts'
import { SECURITY_HEADERS } from './guards.ts'
import { dropRest } from './rest-of-body.ts'

/** What an answer tells of a failure. */
type Told = Pick<ErrorKind, 'code' | 'status' | 'remedy'>

/** What every failing answer looks like. */
export interface ErrorBody {
  readonly ok: false
  readonly error: string
  readonly code: string
  /** What to do about it. */
  readonly remedy: string
  readonly request_id: string
}

/** For what passes by itself. */
const RETRY_SECONDS = 10

/**
 * Answers every failure as JSON of one shape, without secrets: thrown errors, unknown paths, wrong methods. It has to
 * come before the routes, to know them.
 */
export function shapeErrors(app: FastifyInstance, redact: Redact, clock: Pick<Clock, 'sleep'>): void {
  app.setErrorHandler(async (error: FastifyError | LooperError, request, reply) => {
    const failure = error instanceof LooperError ? error : translate(error)
    if (failure.code === 'LOOPER_INTERNAL') request.log.error({ err: error }, 'http.fail')
    if (failure.status === 401) reply.header('www-authenticate', 'Bearer')
    const seconds = failure.retryAfterSeconds ?? (failure.status === 503 ? RETRY_SECONDS : null)
    if (seconds !== null) reply.header('retry-after', seconds)
    // What callers of POST /run were always told, with a code that says more.
    const isOldWords = failure.code === 'LOOPER_BODY_INVALID' && request.routeOptions.url === '/run'
    const sentence = isOldWords ? MISSING_MESSAGE : failure.message
    await dropRest(request.raw, clock)
    return fail(reply, failure, redact(sentence), failure.requestId ?? request.id)
  })

  // Not app.hasRoute(): it takes what it is asked about for a pattern, and throws at strange ones.
  const routes: { readonly method: string | string[]; readonly url: string }[] = []
  app.addHook('onRoute', ({ method, url }) => {
    routes.push({ method, url })
  })
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.replace(/\?.*/, '')
    const allowed = new Set(routes.filter((route) => isAt(route.url, url)).flatMap(({ method }) => method))
    // Not which address: what is taken out of an echo would tell strangers that they guessed a secret.
    if (allowed.size === 0)
      return fail(reply, kindOf('LOOPER_NOT_FOUND'), 'there is nothing at this address', request.id)
    reply.header('allow', [...allowed].join(', '))
    return fail(
      reply,
      kindOf('LOOPER_METHOD_NOT_ALLOWED'),
      'this method is not allowed at this address',
      request.id,
    )
  })
}

/** Whether a path is one of a route's. */
function isAt(route: string, path: string): boolean {
  const given = path.split('/')
  const wanted = route.split('/')
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => (part.startsWith(':') ? given[i] !== '' : given[i] === part))
  )
}

/** Answers an address that is none, or too long to be one of ours: no route and no hook ever sees it. */
export function answerBadAddress(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id })
  fail(reply, kindOf('LOOPER_BAD_REQUEST'), 'the address of the request cannot be read', request.id)
}

/** The body of a failing answer. */
export function errorBody({ code, remedy }: Told, error: string, requestId: string): ErrorBody {
  return { ok: false, error, code, remedy, request_id: requestId }
}

function fail(reply: FastifyReply, kind: Told, error: string, requestId: string): FastifyReply {
  return reply.code(kind.status).send(errorBody(kind, error, requestId))
}

/** Fastify's own failures in Looper's words. */
function translate(error: FastifyError): LooperError {
  const [fault, ...more] = error.validation ?? []
  if (fault) return fieldError([fault, ...more])
  switch (error.statusCode) {
    case 400:
      return new LooperError('LOOPER_BODY_INVALID', 'the body is not valid JSON', { cause: error })
    case 413:
      return new LooperError('LOOPER_BODY_TOO_LARGE', 'the body is too large', { cause: error })
    case 415:
      return new LooperError('LOOPER_MEDIA_TYPE', 'the body must be JSON', { cause: error })
    default:
      return new LooperError('LOOPER_INTERNAL', 'internal error', { cause: error })
  }
}
