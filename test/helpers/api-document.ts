import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'

type Media = Readonly<Record<string, { readonly schema: object }>>
interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Media }>>
}
/** An OpenAPI document, as far as tests look into it. */
export interface ApiDocument {
  readonly openapi: string
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** An answer that is to be held to the document. */
export interface Answered {
  readonly method: string
  /** With or without a query. */
  readonly url: string
  readonly status: number
  readonly type: string | undefined
  readonly text: string
}

/** Every operation as `GET /runs/{run_id}`. */
export const operationsOf = (document: ApiDocument) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )

/** Holds answers to a document; adds to `seen` which operations and statuses there were, as `GET /runs 200`. */
export function holdTo(document: ApiDocument, seen: Set<string>) {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'api')
  const operations = operationsOf(document)
  const step = (text: string) => text.replaceAll('~', '~0').replaceAll('/', '~1')

  return {
    /** What the document says otherwise; null: nothing. */
    problemWith({ method, url, status, type, text }: Answered): string | null {
      const asked = url.replace(/\?.*/, '')
      const fits = (path: string) =>
        new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(asked)
      const candidates = operations.filter((one) => one.method === method && fits(one.path))
      const operation = candidates.find(({ path }) => path === asked) ?? candidates[0]
      if (!operation) return `${method} ${asked} is not in the document`
      const { name, path } = operation
      seen.add(`${name} ${status}`)
      const answer = operation.operation.responses[status]
      if (!answer) return `${name} does not tell of ${status}: ${text}`
      const media = type?.replace(/;.*/, '')
      if (media === undefined) return answer.content ? `${name} ${status} should have a body` : null
      if (!answer.content?.[media]) return `${name} ${status} does not tell of ${media}`
      if (media !== 'application/json' || method === 'HEAD') return null
      const where = [
        'paths',
        path,
        method.toLowerCase(),
        'responses',
        String(status),
        'content',
        media,
        'schema',
      ]
      const validate = ajv.getSchema(`api#/${where.map(step).map(encodeURIComponent).join('/')}`)
      if (!validate) return `${name} ${status} has no schema`
      return validate(JSON.parse(text)) ? null : `${name} ${status}: ${ajv.errorsText(validate.errors)}`
    },
  }
}

/** The document of an app. */
export async function documentOf(app: FastifyInstance): Promise<ApiDocument> {
  return (await app.inject('/openapi.json')).json()
}
