import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { systemClock } from '../../src/base/clock.ts'

/** A wire to a server that can be cut and mended; while it is cut, connections are refused. */
export interface Switch {
  readonly url: string
  off(): Promise<void>
  on(): Promise<void>
  close(): Promise<void>
}

const LISTEN_LIMIT_MS = 10_000

/** Listens on a port of its own, which stays the same, and passes everything on. */
export async function startSwitch(target: string): Promise<Switch> {
  const { hostname, port: targetPort } = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(targetPort), hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  const listen = async (wanted: number) => {
    server.listen(wanted, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = addressOf(server.address())

  async function off() {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return {
    url: `http://127.0.0.1:${port}`,
    off,
    async on() {
      const deadline = performance.now() + LISTEN_LIMIT_MS
      while (!server.listening) {
        // Somebody's outgoing connection may hold the port for a moment.
        await listen(port).catch((error: unknown) => {
          if (performance.now() > deadline) throw error
        })
        if (!server.listening) await systemClock.sleep(50)
      }
    },
    close: off,
  }
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the switch has no port')
  return address
}
