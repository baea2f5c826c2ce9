import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Test } from 'tap'

/** The keys of a subscription, as a browser keeps them. */
export interface BrowserKeys {
  readonly p256dh: Buffer
  readonly auth: Buffer
  readonly privateKey: Buffer
}

/** The keys of a new subscription. */
export function newBrowserKeys(): BrowserKeys {
  const ecdh = createECDH('prime256v1')
  const p256dh = ecdh.generateKeys()
  return { p256dh, auth: randomBytes(16), privateKey: ecdh.getPrivateKey() }
}

/** Reads a message as a browser does (RFC 8291, RFC 8188). @throws {Error} where it is not for these keys, or not well made */
export function decryptAs({ p256dh, auth, privateKey }: BrowserKeys, sealed: Buffer): string {
  const salt = sealed.subarray(0, 16)
  const recordBytes = sealed.readUInt32BE(16)
  const keyLength = sealed.readUInt8(20)
  const sender = sealed.subarray(21, 21 + keyLength)
  const record = sealed.subarray(21 + keyLength)
  if (record.length > recordBytes) throw new Error('more than one record')
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(privateKey)
  const derive = (key: Buffer, from: Buffer, info: Buffer | string, length: number) =>
    Buffer.from(hkdfSync('sha256', key, from, info, length))
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), p256dh, sender])
  const key = derive(ecdh.computeSecret(sender), auth, info, 32)
  const cipher = createDecipheriv(
    'aes-128-gcm',
    derive(key, salt, 'Content-Encoding: aes128gcm\0', 16),
    derive(key, salt, 'Content-Encoding: nonce\0', 12),
  )
  cipher.setAuthTag(record.subarray(-16))
  const padded = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()])
  const end = padded.findLastIndex((byte) => byte !== 0)
  if (padded[end] !== 2) throw new Error('no delimiter of a last record')
  return padded.subarray(0, end).toString()
}

/** What a push service reads from `Authorization` (RFC 8292). @throws {Error} where the signature is not of that key */
export function verifyVapid(header: string) {
  const [, token = '', key = ''] = /^vapid t=([\w-]+\.[\w-]+\.[\w-]+), k=([\w-]+)$/.exec(header) ?? []
  const [head = '', claims = '', signature = ''] = token.split('.')
  const publicKey = Buffer.from(key, 'base64url')
  const [x = '', y = ''] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map((half) =>
    half.toString('base64url'),
  )
  const jwk = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  const isGood = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: jwk, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  if (!isGood || parse(head).alg !== 'ES256') throw new Error('not signed by that key')
  return { publicKey, claims: parse(claims) }
}

/** A message that a device got. */
export interface Delivered {
  /** The path of the subscription. */
  readonly to: string
  readonly text: string
  readonly topic: string
  readonly urgency: string
  readonly ttl: number
}

/** How a push service answers instead of taking a message; it never ends, or its body does not. */
export type Answer = { status: number; headers?: Record<string, string>; body?: string } | 'hangs' | 'floods'

/** A push service on loopback. */
export interface PushService {
  readonly origin: string
  /** What it took, in order. */
  readonly delivered: Delivered[]
  /** What was wrong with requests: each was refused. */
  readonly faults: string[]
  /** How many requests there were. */
  readonly requests: () => number
  /** How it answers from now on; null: it takes what is good. */
  answer: ((path: string) => Answer | null) | null
  /** A new subscription with the service's key, as a browser gives it. */
  subscribe(key: string): Subscription
  /** Nothing can reach it, until it is opened again on the same port. */
  shut(): Promise<void>
  open(): Promise<void>
}

/** As a browser gives it. */
export interface Subscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/**
 * A push service as strict as the strictest: it takes only what is signed by the key of the subscription, for this origin, not for
 * longer than a day, and well encrypted; which it sees as a browser does.
 */
export async function startPushService(test: Test): Promise<PushService> {
  const subscriptions = new Map<string, { readonly keys: BrowserKeys; readonly key: string }>()
  let requests = 0

  function take({ url = '', headers, method }: IncomingMessage, body: Buffer): Delivered {
    const subscription = subscriptions.get(url)
    if (method !== 'POST' || !subscription) throw new Error(`${method} ${url}`)
    const { claims, publicKey } = verifyVapid(headers.authorization ?? '')
    if (publicKey.toString('base64url') !== subscription.key) throw new Error('another key')
    if (claims.aud !== service.origin) throw new Error(`audience ${claims.aud}`)
    const seconds = claims.exp - Date.now() / 1000
    if (!(seconds > 0 && seconds <= 86_400)) throw new Error(`ends in ${seconds} s`)
    if (!/^(mailto:|https:)/.test(claims.sub)) throw new Error(`contact ${claims.sub}`)
    if (headers['content-encoding'] !== 'aes128gcm') throw new Error('content-encoding')
    if (body.length > 4096) throw new Error('too large')
    const { ttl = '', urgency = '', topic = '' } = headers
    if (!/^\d+$/.test(String(ttl))) throw new Error(`ttl ${ttl}`)
    if (!/^(very-low|low|normal|high)$/.test(String(urgency))) throw new Error(`urgency ${urgency}`)
    if (!/^[\w-]{1,32}$/.test(String(topic))) throw new Error(`topic ${topic}`)
    const text = decryptAs(subscription.keys, body)
    return { to: url, text, topic: String(topic), urgency: String(urgency), ttl: Number(ttl) }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests++
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = service.answer?.(request.url ?? '') ?? null
    if (answer === 'hangs') return
    if (answer === 'floods') {
      const flood = () => {
        while (response.write('x'.repeat(65_536)));
      }
      response.writeHead(400).on('drain', flood)
      return flood()
    }
    if (answer !== null) {
      response.writeHead(answer.status, answer.headers).end(answer.body)
      return
    }
    try {
      service.delivered.push(take(request, Buffer.concat(chunks)))
      response.writeHead(201).end()
    } catch (error) {
      service.faults.push(String(error))
      response.writeHead(400).end(String(error))
    }
  }

  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy())
  })
  let port = 0
  const shut = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const open = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address !== null && typeof address !== 'string') port = address.port
  }
  await open()
  test.teardown(shut)
  const service: PushService = {
    origin: `http://127.0.0.1:${port}`,
    delivered: [],
    faults: [],
    requests: () => requests,
    answer: null,
    subscribe(key) {
      const keys = newBrowserKeys()
      const path = `/push/${randomBytes(8).toString('hex')}`
      subscriptions.set(path, { keys, key })
      const [p256dh, auth] = [keys.p256dh, keys.auth].map((one) => one.toString('base64url'))
      return { endpoint: `${service.origin}${path}`, keys: { p256dh: `${p256dh}`, auth: `${auth}` } }
    },
    shut,
    open,
  }
  return service
}
