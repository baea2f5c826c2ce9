import type { IncomingMessage } from 'node:http'
import { errnoOf, messageOf } from '../errors.ts'
import { type HttpRequest, sendRequest } from '../http-client.ts'

/** A request of a form, or of nothing. */
export interface FormRequest extends Pick<HttpRequest, 'method' | 'headers'> {
  readonly form: URLSearchParams | null
}

/** A whole answer. */
export interface FormAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/**
 * Sends a form and reads the answer to its end.
 * @throws the signal's reason where it aborts @throws {Error} where the server cannot be reached
 */
export async function sendForm(
  address: string,
  { method, headers: given, form }: FormRequest,
  signal: AbortSignal,
): Promise<FormAnswer> {
  const headers = form === null ? given : { ...given, 'content-type': 'application/x-www-form-urlencoded' }
  try {
    const response = await sendRequest(address, {
      method,
      headers,
      body: form?.toString(),
      signal,
      quietMs: 0,
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
    throw new Error(`cannot reach ${new URL(address).origin}: ${why}`, { cause: error })
  }
}
