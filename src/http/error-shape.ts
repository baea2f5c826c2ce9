import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MAX_SECONDS } from '../clock.ts'
import { ERRORS, type ErrorCode, LooperError } from '../errors.ts'
import type { Redact } from '../logging/redact.ts'

/** What every failing answer looks like. */
export interface ErrorBody {
  readonly ok: false
  readonly error: string
  readonly code: ErrorCode
  /** What to do about it. */
  readonly remedy: string
  readonly request_id: string
}

type Validation = NonNullable<FastifyError['validation']>[number] & { readonly data?: unknown }

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const MISSING = "missing 'zulip_message'"

const WANTED: Readonly<Record<string, string>> = {
  wait: 'true or false',
  plan: 'true or false',
  if_running: '"replace" or "skip"',
}

/** Answers every failure as JSON of one shape, without secrets: thrown errors, unknown paths, wrong methods. */
export function shapeErrors(app: FastifyInstance, redact: Redact): void {
  const send = (request: FastifyRequest, reply: FastifyReply, code: ErrorCode, error: string) =>
    fail(request, reply, code, redact(error))

  app.setErrorHandler((error: FastifyError | LooperError, request, reply) => {
    const failure = error instanceof LooperError ? error : translate(error)
    if (failure.code === 'LOOPER_INTERNAL') request.log.error({ err: error }, 'http.fail')
    if (failure.code === 'LOOPER_UNAUTHORIZED') reply.header('www-authenticate', 'Bearer')
    return send(request, reply, failure.code, failure.message)
  })

  app.setNotFoundHandler((request, reply) => {
    const url = request.url.replace(/\?.*/, '')
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url }))
    if (allowed.length === 0) return send(request, reply, 'LOOPER_NOT_FOUND', `there is nothing at ${url}`)
    reply.header('allow', allowed.join(', '))
    return send(request, reply, 'LOOPER_METHOD_NOT_ALLOWED', `${request.method} is not allowed at ${url}`)
  })
}

/** Answers an address that is none, or too long to be one of ours: no route and no hook ever sees it. */
export function answerBadAddress(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  fail(request, reply, 'LOOPER_BAD_REQUEST', 'the address of the request cannot be read')
}

function fail(request: FastifyRequest, reply: FastifyReply, code: ErrorCode, error: string): FastifyReply {
  const { status, remedy } = ERRORS[code]
  const body: ErrorBody = { ok: false, error, code, remedy, request_id: request.id }
  return reply.code(status).send(body)
}

/** Fastify's own failures in Looper's words. */
function translate(error: FastifyError): LooperError {
  const [invalid] = error.validation ?? []
  if (invalid) return fieldError(invalid)
  switch (error.statusCode) {
    case 400:
      // What old callers were told, with a code that says more.
      return new LooperError('LOOPER_BODY_INVALID', MISSING, { cause: error })
    case 413:
      return new LooperError('LOOPER_BODY_TOO_LARGE', 'the body is too large', { cause: error })
    case 415:
      return new LooperError('LOOPER_MEDIA_TYPE', 'the body must be JSON', { cause: error })
    default:
      return new LooperError('LOOPER_INTERNAL', 'internal error', { cause: error })
  }
}

function fieldError({ instancePath, keyword, data }: Validation): LooperError {
  const field = instancePath.slice(1)
  if (field === '' && keyword !== 'required') return new LooperError('LOOPER_BODY_INVALID', MISSING)
  if (keyword === 'required' || (field === 'zulip_message' && (data === null || typeof data === 'string'))) {
    return new LooperError('LOOPER_MESSAGE_MISSING', MISSING)
  }
  if (!field.endsWith('_seconds')) {
    return new LooperError('LOOPER_FIELD_INVALID', `'${field}' must be ${WANTED[field] ?? 'a string'}`)
  }
  const number =
    typeof data === 'number' || (typeof data === 'string' && data.trim() !== '') ? Number(data) : Number.NaN
  const wanted = number < 0 ? '>= 0' : number > MAX_SECONDS ? `<= ${MAX_SECONDS}` : 'a number'
  return new LooperError('LOOPER_FIELD_INVALID', `'${field}' must be ${wanted}`)
}
