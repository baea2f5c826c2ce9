import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { errnoOf, messageOf } from '../base/errors.ts'
import { sendRequest } from '../base/http-client.ts'
import { oneLine } from '../base/one-line.ts'
import type { Device } from './device.ts'
import { encryptFor, newMessageKeys } from './encrypt.ts'
import { authorizationFor, type VapidKey } from './vapid.ts'

/** What a device is sent. */
export interface PushMessage {
  /** What its page's worker reads. */
  readonly payload: string
  /** How long the push service keeps it for a device that is away. */
  readonly ttlSeconds: number
  /** Whether it may wake a device that saves its battery (RFC 8030, 5.3). */
  readonly urgency: 'normal' | 'high'
  /** A message takes the place of one of the same topic that the device has not seen (RFC 8030, 5.4): 32 characters of base64url. */
  readonly topic: string
}

/** What came of it. */
export type PushResult =
  | { readonly kind: 'sent' }
  /** The device has unsubscribed. */
  | { readonly kind: 'gone'; readonly why: string }
  /** This message will never be taken. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'later'; readonly why: string; readonly retryAfterMs: number | null }

/** What sending needs. */
export interface PushDeps {
  /** @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  readonly key: () => VapidKey
  readonly contact: string
  /** Names proxies and further certificate authorities. */
  readonly env: NodeJS.ProcessEnv
  readonly clock: Pick<Clock, 'now'>
}

const LIMIT_MS = 30_000
/** Of an answer, no more is read than may say why. */
const ANSWER_BYTES = 1024
const WHY_LENGTH = 200

/** Sends a message to the push service of a device. Never rejects, but for a signal that aborts. */
export async function sendPush(
  { endpoint, keys }: Pick<Device, 'endpoint' | 'keys'>,
  { payload, ttlSeconds, urgency, topic }: PushMessage,
  { key, contact, env, clock }: PushDeps,
  signal: AbortSignal,
): Promise<PushResult> {
  try {
    const response = await sendRequest(endpoint, {
      method: 'POST',
      headers: {
        authorization: authorizationFor(key(), { endpoint, contact, now: clock.now() }),
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
        ttl: ttlSeconds,
        urgency,
        topic,
      },
      body: encryptFor(keys, Buffer.from(payload), newMessageKeys()),
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      quietMs: LIMIT_MS,
      env,
    })
    return resultOf(response, await beginningOf(response), clock.now())
  } catch (error) {
    signal.throwIfAborted()
    const why = `cannot reach ${new URL(endpoint).origin}: ${messageOf(error) || errnoOf(error)}`
    return { kind: 'later', why, retryAfterMs: null }
  }
}

function resultOf({ statusCode = 0, headers }: IncomingMessage, text: string, now: number): PushResult {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'sent' }
  const why = oneLine(`the push service answered ${statusCode} ${text}`, WHY_LENGTH)
  // RFC 8030, 7.3, and what the push services of browsers say instead.
  if (statusCode === 404 || statusCode === 410) return { kind: 'gone', why }
  if (statusCode === 408 || statusCode === 429 || statusCode >= 500)
    return { kind: 'later', why, retryAfterMs: retryAfterMs(headers['retry-after'], now) }
  return { kind: 'refused', why }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterMs(given: string | undefined, now: number): number | null {
  const ms = given === undefined ? Number.NaN : Number(given) * 1000
  const until = Number.isNaN(ms) ? Date.parse(given ?? '') - now : ms
  return Number.isNaN(until) ? null : until
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    bytes += chunk.length
    // Leaving the loop ends the connection.
    if (bytes >= ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES)
}
