import type { Tables } from '../record/own-tables.ts'
import { newVapidKey, type VapidKey } from './vapid.ts'

/** The service's own key, made when it is first asked for, and the same from then on. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
export function vapidKeyIn(tables: Tables): VapidKey {
  const find = () => tables.rows('SELECT private_key, public_key FROM push_key').map(keyIn)[0]
  const known = find()
  if (known) return known
  return tables.change((db) => {
    const { privateKey, publicKey } = newVapidKey()
    db.prepare('INSERT INTO push_key VALUES (1, ?, ?)').run(base64url(privateKey), base64url(publicKey))
    return { privateKey, publicKey }
  })
}

const keyIn = ({ private_key, public_key }: Readonly<Record<string, unknown>>): VapidKey => ({
  privateKey: bytesIn(private_key),
  publicKey: bytesIn(public_key),
})

/** Bytes as a column keeps them. */
export const base64url = (bytes: Buffer): string => bytes.toString('base64url')

/** The bytes of such a column. */
export const bytesIn = (column: unknown): Buffer => Buffer.from(String(column), 'base64url')
