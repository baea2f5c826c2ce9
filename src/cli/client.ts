import type { IncomingMessage } from 'node:http'
import { errnoOf, messageOf } from '../base/errors.ts'
import { type HttpRequest, sendRequest } from '../base/http-client.ts'
import { EXIT, Failure } from './failure.ts'
import type { ServiceAddress } from './service-address.ts'

/** The HTTP side of a command. Everything it does ends as soon as the signal aborts. */
export interface Client {
  readonly url: string
  /** The JSON of an answer that has these fields. @throws {Failure} */
  get<T extends object>(path: string, fields: readonly (keyof T & string)[]): Promise<T>
  /** As {@link Client.get}; waits for the answer as long as it takes. */
  post<T extends object>(path: string, body: object, fields: readonly (keyof T & string)[]): Promise<T>
  /** An answer that is read as it comes; whoever opens it reads or destroys it. @throws {Failure} */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<IncomingMessage>
}

interface Sending extends Pick<HttpRequest, 'quietMs'> {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const QUIET_MS = 30_000
/** The service's own remedy is for who writes HTTP requests. */
const NO_TOKEN = 'Set LOOPER_API_TOKEN to a token of this service; "looper token add" creates one.'

/** A client of one service; the environment names proxies and authorities. Each request has a connection of its own, and none follows a redirect with the token. */
export function connect(
  { url, token }: ServiceAddress,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  { quietMs = QUIET_MS } = {},
): Client {
  async function send(path: string, sending: Sending): Promise<IncomingMessage> {
    const headers = {
      accept: 'application/json',
      ...sending.headers,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(sending.body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const { method, body, quietMs } = sending
    const response = await sendRequest(url + path, { method, headers, body, signal, quietMs, env }).catch(
      (error: unknown) => {
        throw unreachable(url, error, signal)
      },
    )
    const { statusCode: status = 0 } = response
    if (status >= 200 && status < 300) return response
    response.on('error', () => undefined)
    throw refusal(url, status, response.headers.location, await textOf(response, url, signal))
  }

  async function json<T extends object>(
    path: string,
    sending: Sending,
    fields: readonly string[],
  ): Promise<T> {
    const text = await textOf(await send(path, sending), url, signal)
    const answer: T = parse(text)
    if (fields.every((field) => Object.hasOwn(answer, field))) return answer
    throw notLooper(url)
  }

  return {
    url,
    get: (path, fields) => json(path, { method: 'GET', quietMs }, fields),
    post: (path, body, fields) =>
      json(path, { method: 'POST', body: JSON.stringify(body), quietMs: 0 }, fields),
    async open(path, headers = {}) {
      const response = await send(path, { method: 'GET', headers, quietMs })
      // From here on silence is for the reader to judge: it may be its own.
      response.socket.setTimeout(0)
      return response
    },
  }
}

/** All of an answer. @throws {Failure} */
export async function textOf(response: IncomingMessage, url: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk)
  } catch (error) {
    throw unreachable(url, error, signal)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What came, as an object; one without fields where it is none. */
function parse(text: string) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

/** Why the service did not do it, in its own words where they are its own. */
export function refusal(url: string, status: number, location: string | undefined, text: string): Failure {
  if (status >= 300 && status < 400) {
    return new Failure(EXIT.unreachable, `${url} redirects to ${location}`, 'Set that address with --url.')
  }
  const answer: { error?: unknown; remedy?: unknown; code?: unknown } = parse(text)
  const { error, remedy, code } = answer
  if (typeof error !== 'string' || typeof code !== 'string') return notLooper(url)
  const told = typeof remedy === 'string' ? remedy : null
  return new Failure(exitOf(status, code), error, code === 'LOOPER_UNAUTHORIZED' ? NO_TOKEN : told, answer)
}

function exitOf(status: number, code: string): number {
  if (code === 'LOOPER_BUSY' || status === 503) return EXIT.busy
  if (code === 'LOOPER_FORBIDDEN') return EXIT.unauthorized
  switch (status) {
    case 401:
    case 429:
      return EXIT.unauthorized
    case 404:
      return EXIT.notFound
    default:
      return EXIT.failed
  }
}

function notLooper(url: string): Failure {
  return new Failure(
    EXIT.unreachable,
    `what answers at ${url} is not Looper, or is an incompatible version`,
    'Set the right address with --url or LOOPER_URL, or update the service.',
  )
}

/** Why there is no answer. */
export function unreachable(url: string, error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return new Failure(EXIT.interrupted, 'interrupted')
  return new Failure(
    EXIT.unreachable,
    `cannot reach Looper at ${url}: ${errnoOf(error) ?? messageOf(error)}`,
    'Start it with "looper serve" or "npm start", or set its address with --url or LOOPER_URL.',
  )
}
