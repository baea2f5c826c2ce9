import swagger from '@fastify/swagger'
import { type FastifyContextConfig, type FastifySchema, fastify, type RouteOptions } from 'fastify'
import { ERRORS, type ErrorKind } from '../../base/error-kinds.ts'
import { type ErrorCode, kindOf } from '../../base/errors.ts'
import { Type } from '../../base/schema.ts'
import { compilers } from '../../http/body-check.ts'
import { BODY_ERRORS } from '../../http/body-errors.ts'
import type { DescribedAnswer } from './describe.ts'

/** Every failing answer, with the codes that there are. */
const failureOf = (codes: readonly string[]) =>
  Type.Object(
    {
      ok: Type.Literal(false),
      error: Type.String({ description: 'What went wrong, as a sentence.' }),
      code: Type.Enum([...codes]),
      remedy: Type.String({ description: 'What to do about it.' }),
      request_id: Type.String({ description: 'The server log has more details under this id.' }),
    },
    {
      description:
        'How every failure looks. Beside those of the routes there are: LOOPER_NOT_FOUND (404) and ' +
        'LOOPER_METHOD_NOT_ALLOWED (405) where there is no route; LOOPER_BAD_REQUEST (400) and LOOPER_HEADERS_TOO_LARGE ' +
        '(431) for what is no request.',
    },
  )

/** What may go wrong at any route. */
const ANYWHERE: readonly ErrorCode[] = ['LOOPER_ORIGIN_FORBIDDEN', 'LOOPER_HOST_UNKNOWN', 'LOOPER_INTERNAL']
/** What may go wrong where a token is asked for. */
const BEHIND_TOKEN: readonly ErrorCode[] = [
  'LOOPER_UNAUTHORIZED',
  'LOOPER_TOKEN_EXPIRED',
  'LOOPER_FORBIDDEN',
  'LOOPER_RATE_LIMITED',
]

const TAGS = [
  { name: 'runs', description: 'Asking for runs, and looking at them.' },
  { name: 'people', description: 'What agents ask people, and their answers.' },
  { name: 'hooks', description: 'Runs that other services ask for.' },
  { name: 'service', description: 'How the service itself is.' },
]

/**
 * The OpenAPI document of these routes. It is made in an app of its own: loading the library takes a third as long as
 * starting a service, and most services are never asked for their document.
 */
export async function documentOf(routes: readonly RouteOptions[], version: string): Promise<object> {
  // These compile nothing before a request, and here there will be none.
  const kinds = routes.flatMap(({ config }) => config?.errors ?? []).map(kindOf)
  const codes = [...new Set([...Object.keys(ERRORS), ...kinds.map(({ code }) => code)])]
  const app = fastify({ exposeHeadRoutes: false, schemaController: compilers })
  await app.register(swagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Looper',
        version,
        description:
          'A trigger requests a run; at most one run is alive at a time; a new run replaces the old one cleanly.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: TAGS,
      components: {
        schemas: { Failure: { ...failureOf(codes) } },
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'Needed only if a token is configured.',
          },
        },
      },
    },
    transform: ({ url, schema, route }) => ({ url, schema: described(schema, route) }),
  })
  for (const { method, url, schema = {}, config = {}, handler } of routes) {
    // Those that Fastify adds to GET go without saying; of those that are hidden some share an address.
    if (method !== 'HEAD' && schema.hide !== true) app.route({ method, url, schema, config, handler })
  }
  await app.ready()
  const document = app.swagger()
  await app.close()
  // Relative to the document: a proxy may have put all of it below a path of its own.
  return { ...document, servers: [{ url: '.' }] }
}

/** A route's schema with all that the document tells beyond it. */
function described(schema: FastifySchema, { config = {} }: RouteOptions): FastifySchema {
  const { scope, headers, body = schema.body, answers = {} } = config
  return {
    ...schema,
    // OpenAPI 3.1, "Security Requirement Object": for bearer tokens the list holds roles.
    security: scope === undefined ? [] : [{ bearer: [scope] }],
    ...(headers && { headers: { type: 'object', properties: headers } }),
    ...(Boolean(body) && { body }),
    response: {
      ...Object(schema.response),
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)])),
      ...failuresOf(Boolean(body), config),
    },
  }
}

function answerOf({ description, content }: DescribedAnswer) {
  if (!content) return { description, type: 'null' }
  const types = Object.entries(content).map(([type, schema]) => [type, { schema }])
  return { description, content: Object.fromEntries(types) }
}

/** The failures of a route by status, each code with its remedy. */
function failuresOf(hasBody: boolean, { scope, errors = [] }: FastifyContextConfig) {
  const kinds = new Set<ErrorCode | ErrorKind>([
    ...errors,
    ...(hasBody ? BODY_ERRORS : []),
    ...(scope === undefined ? [] : BEHIND_TOKEN),
    ...ANYWHERE,
  ])
  const texts = new Map<number, string[]>()
  for (const { code, status, remedy } of [...kinds].map(kindOf)) {
    texts.set(status, [...(texts.get(status) ?? []), `${code}: ${remedy}`])
  }
  const answers = [...texts].map(([status, lines]) => {
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } }
    return [status, { description: lines.join('\n'), content }]
  })
  return Object.fromEntries(answers)
}
