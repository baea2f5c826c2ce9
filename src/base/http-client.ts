import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { RequestOptions } from 'node:https'
import { isIP, type Socket } from 'node:net'
import tls from 'node:tls'
import { isUntrusted, trustIn } from './authorities.ts'
import { errnoOf, messageOf } from './errors.ts'
import { type HttpProxy, proxyFor } from './proxies.ts'

// Not imported: the names of `node:http` include a WebSocket, and naming it loads all of fetch.
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

/** A request to a server. */
export interface HttpRequest {
  readonly method: string
  readonly headers: OutgoingHttpHeaders
  readonly body: string | Buffer | undefined
  /** Ends the request, and the answer while it is read. */
  readonly signal: AbortSignal
  /** The longest silence; 0: any. */
  readonly quietMs: number
  /** Names proxies and further certificate authorities. */
  readonly env: NodeJS.ProcessEnv
  /** The only authorities whose certificates count, as PEM. */
  readonly ca?: string | undefined
}

/**
 * Sends a request, through the proxy that the environment names for it; resolves with the answer, which has yet to be
 * read. Each request has a connection of its own, so that none is sent into one that the server is closing, and no redirect
 * is followed. Not by `fetch`, whose code alone takes 11 MB; the proxies not by Node's agents, which know them only since
 * 24.5, and fewer forms of `NO_PROXY`.
 * @throws {Error} where no answer comes, or only the proxy's
 */
export async function sendRequest(url: string, request: HttpRequest): Promise<IncomingMessage> {
  const target = new URL(url)
  const proxy = proxyFor(target, request.env)
  const { method, headers, env, ca } = request
  if (target.protocol === 'https:') {
    const { options, advice } = trustIn(ca, env)
    const way = proxy ? await tunnel(target, proxy, request) : null
    const connection = way ? { createConnection: () => secure(way, target, options) } : { agent: false }
    return answered(ask(target, { method, headers, ...options, ...connection }, request), advice)
  }
  if (!proxy) return ask(target, { method, headers, agent: false }, request)

  const path = `${target.origin}${target.pathname}${target.search}`
  const response = await askProxy<IncomingMessage>(
    proxy,
    { method, path, headers: { ...headers, host: target.host, ...proxy.headers } },
    request,
    (sent, resolve) => sent.once('response', resolve),
  )
  if (response.statusCode !== 407) return response
  response.destroy()
  throw refusal(proxy, 407)
}

/** Sends it there. */
function ask(url: URL, options: RequestOptions, request: HttpRequest): Promise<IncomingMessage> {
  return exchange(url, options, request, (sent, resolve) => sent.once('response', resolve))
}

/** The connection through a proxy to the target (RFC 9110, 9.3.6). */
function tunnel(target: URL, proxy: HttpProxy, request: HttpRequest): Promise<Socket> {
  const path = `${target.hostname}:${target.port || 443}`
  const options = { method: 'CONNECT', path, headers: { host: path, ...proxy.headers } }
  return askProxy<Socket>(proxy, options, { ...request, body: undefined }, (sent, resolve, reject) => {
    sent.once('connect', ({ statusCode }, socket) => {
      socket.setTimeout(0)
      if (statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(refusal(proxy, statusCode))
    })
  })
}

function secure(socket: Socket, { hostname }: URL, options: tls.ConnectionOptions): Socket {
  const host = hostname.replace(/^\[|\]$/g, '')
  // An address is no name that a server could be asked for (RFC 6066).
  return tls.connect({ ...options, socket, host, servername: isIP(host) === 0 ? host : '' })
}

type Await<T> = (sent: ClientRequest, resolve: (value: T) => void, reject: (error: unknown) => void) => void

/** An exchange with a proxy, whose failures name it. */
async function askProxy<T>(
  proxy: HttpProxy,
  options: RequestOptions,
  request: HttpRequest,
  wait: Await<T>,
): Promise<T> {
  const { options: trust, advice } = trustIn(undefined, request.env)
  try {
    return await answered(exchange(proxy.url, { ...options, ...trust, agent: false }, request, wait), advice)
  } catch (error) {
    if (request.signal.aborted || error instanceof ProxyRefusal) throw error
    const why = messageOf(error) || errnoOf(error)
    throw new Error(`by way of ${proxy.name}: ${why}`, { cause: error })
  }
}

/** Sends a request and waits for what is to come of it. */
function exchange<T>(
  url: URL,
  options: RequestOptions,
  { body, signal, quietMs }: HttpRequest,
  wait: Await<T>,
): Promise<T> {
  const { request } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, signal })
    sent.setTimeout(quietMs, () => sent.destroy(new Error(`no answer within ${quietMs / 1000} s`)))
    wait(sent, resolve, reject)
    sent.on('error', reject)
    // A server that changes to another protocol gives no answer, and no error.
    sent.once('close', () => reject(new Error('the connection was closed without an answer')))
    sent.end(body)
  })
}

class ProxyRefusal extends Error {}

function refusal({ name }: HttpProxy, status = 0): ProxyRefusal {
  const why = status === 407 ? 'wants another user name or password' : 'refused'
  return new ProxyRefusal(`${name} ${why}: HTTP ${status}`)
}

/** The same; a certificate of nobody known comes with what to do. */
async function answered<T>(answer: Promise<T>, advice: string): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!isUntrusted(error)) throw error
    // Node's own advice behind it needs a switch at its start.
    throw new Error(`${messageOf(error).replace(/;.*/s, '')}; ${advice}`, { cause: error })
  }
}
