import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.ts'

/** How long a sender is read on whose body nobody wants. */
const REST_MS = 1000

/**
 * Reads on and drops what a request still sends, until that was all, its sender is gone, or it takes too long. Where the connection
 * is closed with the answer, a sender that is cut off in its body does not see the answer (RFC 9112, 9.6). Never rejects.
 */
export async function dropRest(request: IncomingMessage, clock: Pick<Clock, 'sleep'>): Promise<void> {
  if (request.complete || request.destroyed) return
  const over = new AbortController()
  const stop = () => over.abort()
  request.once('end', stop).once('close', stop)
  request.resume()
  await clock.sleep(REST_MS, over.signal).catch(() => undefined)
}
