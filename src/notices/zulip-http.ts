import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { errnoOf, messageOf } from '../errors.ts'

/** A request of a form, or of nothing. */
export interface FormRequest {
  readonly method: string
  readonly headers: OutgoingHttpHeaders
  readonly form: URLSearchParams | null
}

/** A whole answer. */
export interface FormAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

// Not imported: the names of `node:http` include a WebSocket, and naming it loads all of fetch.
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

/**
 * Sends a form and reads the answer to its end. Each request has a connection of its own, so that none is sent into one
 * that the server is closing, and no redirect is followed. Not by `fetch`, whose code alone takes 11 MB.
 * @throws the signal's reason where it aborts @throws {Error} where the server cannot be reached
 */
export async function sendForm(
  address: string,
  { method, headers, form }: FormRequest,
  signal: AbortSignal,
): Promise<FormAnswer> {
  const { protocol, origin } = new URL(address)
  const body = form?.toString()
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (protocol === 'https:' ? https : http).request(address, {
        method,
        headers:
          body === undefined
            ? headers
            : {
                ...headers,
                'content-type': 'application/x-www-form-urlencoded',
                'content-length': Buffer.byteLength(body),
              },
        agent: false,
        signal,
      })
      request.once('response', resolve)
      request.once('error', reject)
      request.end(body)
    })
    response.setEncoding('utf8')
    let text = ''
    for await (const chunk of response) text += chunk
    const { statusCode: status = 0, headers: answered } = response
    return { status, headers: answered, text }
  } catch (error) {
    signal.throwIfAborted()
    // A name with several addresses fails with an AggregateError, whose message is empty.
    const why = messageOf(error) || errnoOf(error)
    throw new Error(`cannot reach ${origin}: ${why}`, { cause: error })
  }
}
