import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** How senders prove who they are. */
export const HOOK_KINDS = ['github', 'gitlab', 'standard', 'bearer'] as const
/** How a sender proves who it is. */
export type HookKind = (typeof HOOK_KINDS)[number]

/** What says of a delivery who sent it. */
export interface Signed {
  readonly headers: IncomingHttpHeaders
}

/** A delivery, as it came. */
export interface Delivery extends Signed {
  /** The bytes that were signed. */
  readonly body: Buffer
}

/** The tolerance that the Standard Webhooks specification recommends, in seconds. */
const TOLERANCE_SECONDS = 300

/**
 * Whether a delivery was made by somebody who knows one of the secrets. Several secrets allow a rotation.
 * @param now milliseconds since the epoch
 */
export function isAuthentic(
  kind: HookKind,
  delivery: Delivery,
  secrets: readonly string[],
  now: number,
): boolean {
  switch (kind) {
    case 'github':
      return isGithub(delivery, secrets)
    case 'gitlab':
      return delivery.headers['webhook-signature'] === undefined
        ? hasToken(delivery, secrets)
        : isStandard(delivery, secrets, now)
    case 'standard':
      return isStandard(delivery, secrets, now)
    case 'bearer':
      return isBearer(delivery, secrets)
  }
}

/**
 * Whether the headers of a delivery leave it possible that it is authentic: what is not signed, or carries the wrong token,
 * need not be read.
 */
export function mayBeAuthentic(
  kind: HookKind,
  delivery: Signed,
  secrets: readonly string[],
  now: number,
): boolean {
  switch (kind) {
    case 'github':
      return /^sha256=[0-9a-f]{64}$/.test(headerOf(delivery, 'x-hub-signature-256'))
    case 'gitlab':
      return delivery.headers['webhook-signature'] === undefined
        ? hasToken(delivery, secrets)
        : signaturesOf(delivery, now).length > 0
    case 'standard':
      return signaturesOf(delivery, now).length > 0
    case 'bearer':
      return isBearer(delivery, secrets)
  }
}

/** The sender's own name for a delivery, the same when it is repeated; null where it gives none. */
export function deliveryIdOf(kind: HookKind, delivery: Signed): string | null {
  const names = {
    github: ['x-github-delivery'],
    // Not x-gitlab-webhook-uuid: it names the webhook, and is the same for all of its deliveries.
    gitlab: ['webhook-id', 'idempotency-key'],
    standard: ['webhook-id'],
    bearer: ['idempotency-key', 'webhook-id'],
  }[kind]
  return names.map((name) => headerOf(delivery, name)).find((id) => id !== '') ?? null
}

/** The scheme in any case, as everywhere in HTTP. */
function isBearer(delivery: Signed, secrets: readonly string[]): boolean {
  const given = headerOf(delivery, 'authorization').replace(/^bearer /i, 'Bearer ')
  return secrets.some((secret) => isEqual(given, `Bearer ${secret}`))
}

/** docs.github.com, "Validating webhook deliveries": HMAC-SHA256 of the raw body, in hex. */
function isGithub(delivery: Delivery, secrets: readonly string[]): boolean {
  const given = headerOf(delivery, 'x-hub-signature-256')
  return secrets.some((secret) => isEqual(given, `sha256=${hmac(secret, delivery.body).toString('hex')}`))
}

/** GitLab's secret token, as it is. */
function hasToken(delivery: Signed, secrets: readonly string[]): boolean {
  return secrets.some((secret) => isEqual(headerOf(delivery, 'x-gitlab-token'), secret))
}

/** standardwebhooks.com, and GitLab's signing token: HMAC-SHA256 of "id.timestamp.body" in base64. */
function isStandard(delivery: Delivery, secrets: readonly string[], now: number): boolean {
  const given = signaturesOf(delivery, now)
  const head = `${headerOf(delivery, 'webhook-id')}.${headerOf(delivery, 'webhook-timestamp')}.`
  const signed = Buffer.concat([Buffer.from(head), delivery.body])
  return secrets.flatMap(signingKeys).some((key) => {
    const expected = `v1,${hmac(key, signed).toString('base64')}`
    return given.some((signature) => isEqual(signature, expected))
  })
}

/** The signatures of a delivery that has a name and a time of now: several during a rotation. */
function signaturesOf(delivery: Signed, now: number): string[] {
  const timestamp = headerOf(delivery, 'webhook-timestamp')
  if (headerOf(delivery, 'webhook-id') === '' || !/^\d+$/.test(timestamp)) return []
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return []
  const given = headerOf(delivery, 'webhook-signature').split(' ')
  return given.filter((signature) => /^v1,[\w+/]{43}=$/.test(signature))
}

const SIGNING_PREFIX = 'whsec_'
/** The least that the specification asks of a key, in bytes. Shorter base64 may be any text. */
const MIN_KEY_BYTES = 24

/**
 * The keys that a secret of Standard Webhooks may stand for: base64 behind a prefix; without the prefix base64 or itself,
 * as senders differ. None where the prefix promises base64 and there is none: an empty key would be everybody's.
 */
export function signingKeys(secret: string): (string | Buffer)[] {
  const isPrefixed = secret.startsWith(SIGNING_PREFIX)
  const text = isPrefixed ? secret.slice(SIGNING_PREFIX.length) : secret
  const key = Buffer.from(text, 'base64')
  const isBase64 = key.length > 0 && key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  if (isPrefixed) return isBase64 ? [key] : []
  return isBase64 && key.length >= MIN_KEY_BYTES ? [secret, key] : [secret]
}

function headerOf({ headers }: Signed, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}

const hmac = (key: string | Buffer, bytes: Buffer) => createHmac('sha256', key).update(bytes).digest()

/** Compares in constant time; hashing makes the lengths equal. */
function isEqual(given: string, expected: string): boolean {
  return timingSafeEqual(hmac('length', Buffer.from(given)), hmac('length', Buffer.from(expected)))
}
