import { createECDH, createPrivateKey, sign } from 'node:crypto'
import { CURVE } from './encrypt.ts'

/** The key by which push services know that all messages to a device come from the service it subscribed to. */
export interface VapidKey {
  /** A point of P-256 without compression. */
  readonly publicKey: Buffer
  readonly privateKey: Buffer
}

/** A day is the most that push services take (RFC 8292, 2); theirs and ours may be apart. */
const LIFETIME_SECONDS = 43_200

/** A new key. */
export function newVapidKey(): VapidKey {
  const ecdh = createECDH(CURVE)
  ecdh.generateKeys()
  return { publicKey: ecdh.getPublicKey(), privateKey: ecdh.getPrivateKey() }
}

/**
 * What a push service takes as `Authorization` (RFC 8292), signed with ES256 (RFC 7515, appendix A.3).
 * @param endpoint where it is sent; @param contact whom the push service may write to; @param now in milliseconds since the epoch
 */
export function authorizationFor(
  { publicKey, privateKey }: VapidKey,
  { endpoint, contact, now }: { readonly endpoint: string; readonly contact: string; readonly now: number },
): string {
  const claims = {
    aud: new URL(endpoint).origin,
    exp: Math.floor(now / 1000) + LIFETIME_SECONDS,
    sub: contact,
  }
  const signed = [{ typ: 'JWT', alg: 'ES256' }, claims]
    .map((part) => base64url(JSON.stringify(part)))
    .join('.')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: base64url(publicKey.subarray(1, 33)),
    y: base64url(publicKey.subarray(33)),
    // Node leaves out zeros at its beginning.
    d: base64url(Buffer.concat([Buffer.alloc(32 - privateKey.length), privateKey])),
  }
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `vapid t=${signed}.${base64url(signature)}, k=${base64url(publicKey)}`
}

const base64url = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64url')
