import { shellQuote } from '../../base/shell-quote.ts'
import type { Schema } from './schema-text.ts'

/** What a line for a shell is made of. */
export interface CurlCall {
  /** The address of the service, without a path. */
  readonly base: string
  readonly method: string
  /** As OpenAPI writes it: `/runs/{run_id}`. */
  readonly path: string
  readonly needsToken: boolean
  /** The body's schema by media type. */
  readonly body: Readonly<Record<string, { readonly schema: Schema }>>
  /** Whether the answer may go on without end. */
  readonly isStream: boolean
}

const TOKEN = '-H "Authorization: Bearer $LOOPER_API_TOKEN"'

/** A request as a line for a shell; what stands in capitals, and the token, is the reader's to fill in. */
export function curlOf({ base, method, path, needsToken, body, isStream }: CurlCall): string {
  const url = base + path.replaceAll(/{(\w+)}/g, (_, name: string) => name.toUpperCase())
  const verb = method === 'get' ? [] : method === 'head' ? ['-I'] : ['-X', method.toUpperCase()]
  const sent = Object.entries(body).flatMap(([type, { schema }]) => [
    '-H',
    `Content-Type: ${type}`,
    '-d',
    JSON.stringify(sampleOf(schema)),
  ])
  const words = ['curl', ...(isStream ? ['-N'] : []), ...verb, url]
  return [
    shellQuote(words),
    ...(needsToken ? [TOKEN] : []),
    ...(sent.length > 0 ? [shellQuote(sent)] : []),
  ].join(' ')
}

/** The fields that must be there; all of them are texts. */
const sampleOf = ({ required = [] }: Schema) => Object.fromEntries(required.map((name) => [name, '…']))
