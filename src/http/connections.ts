import type { Server, Socket } from 'node:net'
import type { onRequestHookHandler } from 'fastify'
import type { Clock } from '../base/clock.ts'
import { mostDescriptors } from '../base/descriptors.ts'

/** What bounding connections needs. */
export interface ConnectionsOptions {
  /** So many at most are open at once. */
  readonly most: number
  readonly clock: Pick<Clock, 'monotonic'>
  /** Is told, once a minute at most, that connections are closed to make room. */
  readonly full: () => void
}

/** Beside a connection there may be the file that goes through it; a third of all is for the service and its runs. */
const DESCRIPTORS_EACH = 3
/** More than anybody needs; each one costs some memory. */
const MOST = 1000
const TELL_EVERY_MS = 60_000

/** How many connections leave enough descriptors to everything else. */
export function mostConnections(limits?: string): number {
  return Math.min(MOST, Math.floor(mostDescriptors(limits) / DESCRIPTORS_EACH))
}

/**
 * Keeps the connections of a server within a bound. Where there is no room, the one that was quiet for longest makes it,
 * of the address that has most of them; never one that answers a request for which `hold` was called. So whoever opens
 * connections without end closes their own, and everybody else is still served.
 */
export function boundConnections(
  server: Server,
  { most, clock, full }: ConnectionsOptions,
): { readonly hold: onRequestHookHandler } {
  const open = new Map<Socket, string>()
  /** Those that may be closed, by address; the one that was quiet for longest first. */
  const idle = new Map<string, Set<Socket>>()
  let toldAt = Number.NEGATIVE_INFINITY

  function take(socket: Socket): void {
    const address = open.get(socket) ?? ''
    const ones = idle.get(address)
    ones?.delete(socket)
    if (ones?.size === 0) idle.delete(address)
  }

  /** Behind all others of its address. */
  function putBack(socket: Socket): void {
    const address = open.get(socket)
    if (address === undefined) return
    take(socket)
    idle.set(address, (idle.get(address) ?? new Set()).add(socket))
  }

  function close(socket: Socket): void {
    take(socket)
    open.delete(socket)
    socket.destroy()
  }

  function makeRoom(): void {
    let ones: ReadonlySet<Socket> = new Set()
    for (const others of idle.values()) if (others.size > ones.size) ones = others
    const [quietest] = ones
    if (quietest) close(quietest)
    const now = clock.monotonic()
    if (now - toldAt < TELL_EVERY_MS) return
    toldAt = now
    full()
  }

  server.on('connection', (socket: Socket) => {
    if (open.size >= most) makeRoom()
    if (open.size >= most) return socket.destroy()
    open.set(socket, String(socket.remoteAddress))
    putBack(socket)
    socket.once('close', () => close(socket))
  })
  // Before the request is answered, and perhaps held.
  server.prependListener('request', ({ socket }: { readonly socket: Socket }) => putBack(socket))

  return {
    hold({ raw: { socket } }, reply, done) {
      take(socket)
      reply.raw.once('close', () => putBack(socket))
      done()
    },
  }
}
