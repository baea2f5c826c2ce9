import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'

/** What a device gave when it subscribed, by which only it reads what it is sent. */
export interface DeviceKeys {
  /** Its public key, a point of P-256 without compression. */
  readonly p256dh: Buffer
  /** Its secret of 16 bytes. */
  readonly auth: Buffer
}

/** What is made anew for each message. */
export interface MessageKeys {
  readonly salt: Buffer
  /** The private key of P-256 that this message alone is sent with. */
  readonly privateKey: Buffer
}

/** The curve of web push. */
export const CURVE = 'prime256v1'
/** What push services have to take (RFC 8030, 7.2), and all of it in one record. */
const RECORD_BYTES = 4096
/** Of one record: its delimiter, and the tag of the cipher. */
const LAST_RECORD = Buffer.from([2])

/** New keys for a message. */
export function newMessageKeys(): MessageKeys {
  const ecdh = createECDH(CURVE)
  ecdh.generateKeys()
  return { salt: randomBytes(16), privateKey: ecdh.getPrivateKey() }
}

/**
 * A message as only that device reads it (RFC 8291).
 * @throws {Error} where its key is no point of the curve
 */
export function encryptFor(device: DeviceKeys, plain: Buffer, { salt, privateKey }: MessageKeys): Buffer {
  const ecdh = createECDH(CURVE)
  ecdh.setPrivateKey(privateKey)
  const own = ecdh.getPublicKey()
  const shared = ecdh.computeSecret(device.p256dh)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), device.p256dh, own])
  return encryptRecord(plain, { key: derive(shared, device.auth, info, 32), salt, keyId: own })
}

/** A content in one record, encrypted with `aes128gcm` (RFC 8188). */
export function encryptRecord(
  plain: Buffer,
  { key, salt, keyId }: { readonly key: Buffer; readonly salt: Buffer; readonly keyId: Buffer },
): Buffer {
  const contentKey = derive(key, salt, 'Content-Encoding: aes128gcm\0', 16)
  // Of the first record the number is 0, which leaves the nonce as it is.
  const nonce = derive(key, salt, 'Content-Encoding: nonce\0', 12)
  const cipher = createCipheriv('aes-128-gcm', contentKey, nonce)
  const sizes = Buffer.alloc(5)
  sizes.writeUInt32BE(RECORD_BYTES)
  sizes.writeUInt8(keyId.length, 4)
  const sealed = [cipher.update(plain), cipher.update(LAST_RECORD), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat([salt, sizes, keyId, ...sealed])
}

const derive = (key: Buffer, salt: Buffer, info: string | Buffer, bytes: number) =>
  Buffer.from(hkdfSync('sha256', key, salt, info, bytes))
