import type { FastifyReply } from 'fastify'
import type { Clock } from '../base/clock.ts'

/** How long a stream is quiet, and how long it waits for its reader, in milliseconds. */
export interface StreamPatience {
  /** After so much silence a comment tells that the connection lives. */
  readonly heartbeatMs: number
  /** A reader that takes nothing for so long is dropped. */
  readonly drainMs: number
}

/** An answer of Server-Sent Events that is being given. */
export interface EventStream {
  /** Whether nothing more can be sent: the reader is gone, or was dropped, or all was said. */
  isOver(): boolean
  /** Resolves as soon as the reader may be sent more, or is gone. */
  send(frame: string | Buffer): Promise<void>
  /** Sends without waiting; a reader with too much unsent is dropped. */
  offer(frame: string): void
  /** Sends the last frame, and resolves when the reader has taken it or is gone. */
  end(frame: string): Promise<void>
  /** Closes the connection, unless all was said. */
  abandon(): void
  /** Resolves when the connection is gone. Never rejects. */
  readonly closed: Promise<void>
}

const MAX_UNSENT_BYTES = 262_144

/**
 * Begins to answer with Server-Sent Events (html.spec.whatwg.org, 9.2), past Fastify's own way of sending, with the
 * headers that were set before. Whoever may not read any more, as `isAllowed` tells at each heartbeat, is cut off.
 */
export function openEventStream(
  reply: FastifyReply,
  clock: Clock,
  { heartbeatMs, drainMs }: StreamPatience,
  isAllowed: () => boolean,
): EventStream {
  reply.hijack()
  const { raw } = reply
  const gone = new AbortController()
  let isOver = raw.destroyed
  let sentAt = clock.monotonic()
  raw.once('close', () => {
    isOver = true
    gone.abort()
  })
  for (const [name, value] of Object.entries(reply.getHeaders())) raw.setHeader(name, String(value))
  raw.setHeader('content-type', 'text/event-stream')
  // nginx would hold events back.
  raw.setHeader('x-accel-buffering', 'no')
  raw.flushHeaders()

  function write(frame: string | Buffer): boolean {
    sentAt = clock.monotonic()
    return raw.write(frame)
  }

  function dropSlow(): void {
    reply.log.warn('stream.slow')
    isOver = true
    raw.destroy()
  }

  /** Waits until what is unsent was taken. */
  async function taken(event: 'drain' | 'finish'): Promise<void> {
    const over = new AbortController()
    const stop = () => over.abort()
    raw.once(event, stop).once('close', stop)
    await clock.sleep(drainMs, over.signal).then(dropSlow, () => undefined)
    raw.off(event, stop).off('close', stop)
  }

  async function beat(): Promise<void> {
    while (!isOver) {
      const quietMs = clock.monotonic() - sentAt
      if (quietMs >= heartbeatMs) write(': heartbeat\n\n')
      else await clock.sleep(heartbeatMs - quietMs, gone.signal).catch(() => undefined)
      if (!isAllowed()) abandon()
    }
  }

  function abandon(): void {
    if (!isOver) raw.destroy()
    isOver = true
  }

  return {
    isOver: () => isOver,
    async send(frame) {
      if (!isOver && !write(frame)) await taken('drain')
    },
    offer(frame) {
      if (isOver) return
      write(frame)
      if (raw.writableLength > MAX_UNSENT_BYTES) dropSlow()
    },
    async end(frame) {
      if (isOver) return
      isOver = true
      raw.end(frame)
      await taken('finish')
    },
    abandon,
    closed: beat(),
  }
}
