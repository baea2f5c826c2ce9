import type { IncomingMessage } from 'node:http'
import { errnoOf, messageOf } from '../../base/errors.ts'
import { type HttpRequest, sendRequest } from '../../base/http-client.ts'

/** How the server is reached. */
export type Reach = Pick<HttpRequest, 'signal' | 'env' | 'ca'>

/** A request of a form, or of nothing. */
export interface FormRequest extends Pick<HttpRequest, 'method' | 'headers'>, Reach {
  readonly form: URLSearchParams | null
}

/** A whole answer. */
export interface FormAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** More than the list of people of a very large organisation. */
const MAX_BYTES = 64 * 1_048_576

/**
 * Sends a form and reads the answer to its end.
 * @throws the signal's reason where it aborts
 * @throws {Error} where the server cannot be reached, or does not come to an end
 */
export async function sendForm(
  address: string,
  { headers: given, form, signal, ...request }: FormRequest,
): Promise<FormAnswer> {
  const headers = form === null ? given : { ...given, 'content-type': 'application/x-www-form-urlencoded' }
  try {
    const body = form?.toString()
    const response = await sendRequest(address, { ...request, headers, body, signal, quietMs: 0 })
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response) {
      size += chunk.length
      // Leaving the loop ends the connection.
      if (size > MAX_BYTES) throw new Error(`its answer is longer than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    const { statusCode: status = 0, headers: answered } = response
    return { status, headers: answered, text: Buffer.concat(chunks).toString('utf8') }
  } catch (error) {
    signal.throwIfAborted()
    // A name with several addresses fails with an AggregateError, whose message is empty.
    const why = messageOf(error) || errnoOf(error)
    throw new Error(`cannot reach ${new URL(address).origin}: ${why}`, { cause: error })
  }
}
