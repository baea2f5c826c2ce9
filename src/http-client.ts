import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'

// Not imported: the names of `node:http` include a WebSocket, and naming it loads all of fetch.
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

/** A request to a server. */
export interface HttpRequest {
  readonly method: string
  readonly headers: OutgoingHttpHeaders
  readonly body: string | undefined
  /** Ends the request, and the answer while it is read. */
  readonly signal: AbortSignal
  /** The longest silence; 0: any. */
  readonly quietMs: number
}

/**
 * Sends a request; resolves with the answer, which has yet to be read. Each request has a connection of its own, so that
 * none is sent into one that the server is closing, and no redirect is followed. Not by `fetch`, whose code alone takes
 * 11 MB.
 * @throws {Error} of Node's, where no answer comes
 */
export function sendRequest(
  url: string,
  { method, headers, body, signal, quietMs }: HttpRequest,
): Promise<IncomingMessage> {
  const { request } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, signal, agent: false })
    sent.setTimeout(quietMs, () => sent.destroy(new Error(`no answer within ${quietMs / 1000} s`)))
    sent.once('response', resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}
