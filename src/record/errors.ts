/** SQLite's primary result codes (sqlite.org/rescode.html), as far as the ledger tells them apart. */
const CODE = {
  error: 1,
  busy: 5,
  locked: 6,
  noMemory: 7,
  ioError: 10,
  corrupt: 11,
  full: 13,
  protocol: 15,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  range: 25,
  notADatabase: 26,
} as const

/** An extended code has the primary one in its last byte. */
const PRIMARY = 0xff

/** A file that is no database, or a broken one. */
export const isBroken = (error: unknown) => isOneOf(error, [CODE.corrupt, CODE.notADatabase])

/** Somebody holds a lock, or there is no room or memory, or the disk fails: the same may succeed in a moment. */
export const isTemporary = (error: unknown) =>
  isOneOf(error, [CODE.busy, CODE.locked, CODE.noMemory, CODE.ioError, CODE.full, CODE.protocol])

/** The values do not fit, or the table is another one: the same will never succeed. Node refuses some itself, before SQLite sees them. */
export const isPermanent = (error: unknown) =>
  isOneOf(error, [CODE.error, CODE.tooBig, CODE.constraint, CODE.mismatch, CODE.range]) ||
  error instanceof TypeError ||
  error instanceof RangeError

function isOneOf(error: unknown, codes: readonly number[]): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return false
  return codes.includes(error.errcode & PRIMARY)
}
