import { createHash, timingSafeEqual } from 'node:crypto'
import { messageOf } from '../base/errors.ts'
import { impossibleDay } from '../base/iso-time.ts'
import { readChecked } from '../base/json-file.ts'
import { readOwnerFile } from '../base/owner-file.ts'
import { Type } from '../base/schema.ts'
import { stampOf } from '../base/stamp.ts'

/** What a token's holder may do; each one includes those before it. */
export const SCOPES = ['read', 'answer', 'run', 'admin'] as const
/** What a token's holder may do. */
export type Scope = (typeof SCOPES)[number]

/** Whoever shows a token. */
export interface Caller {
  readonly name: string
  readonly scope: Scope
}

/** The tokens file: names, hashes, scopes; never a token itself. */
export const TokensFile = Type.Object({
  tokens: Type.Array(
    Type.Object({
      name: Type.String({ pattern: '^[\\w.-]{1,64}$' }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      scope: Type.Enum([...SCOPES]),
      expires: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d' })),
    }),
  ),
})

/** A token without its secret. */
export interface ExpiringToken extends Caller {
  /** Milliseconds since the epoch; infinite where it never does. */
  readonly expiresAt: number
}

interface KnownToken extends ExpiringToken {
  readonly digest: Buffer
}

/** Tells who a token belongs to. */
export interface TokenCheck {
  /** Null for a token that is unknown or expired. Takes the same time for every wrong one. */
  callerOf(token: string): Caller | null
  /** Whether it was a good one once, whose time is over. */
  hasExpired(token: string): boolean
  /** All tokens that are good now. */
  all(): readonly ExpiringToken[]
}

/** The one token of the settings, with full rights. */
export const MAIN_TOKEN_NAME = 'LOOPER_API_TOKEN'

/**
 * Tokens from the settings and from the tokens file, which is read anew when it changes. A file that became unreadable
 * or wrong keeps its last good state, and `complain` is told; one that was removed has no tokens.
 * @throws {Error} where the file is absent, unreadable or wrong at the start
 */
export function createTokenCheck(
  mainToken: string | null,
  file: string | null,
  now: () => number,
  complain: (message: string) => void,
): TokenCheck {
  const main: KnownToken[] =
    mainToken === null
      ? []
      : [
          {
            name: MAIN_TOKEN_NAME,
            scope: 'admin',
            digest: digest(mainToken),
            expiresAt: Number.POSITIVE_INFINITY,
          },
        ]
  let stamp = file === null ? null : stampOf(file)
  if (file !== null && stamp === null)
    throw new Error(`there is no file ${file} yet; "looper token add NAME" makes it`)
  let named = file === null ? [] : readTokens(file)
  let complaint = ''

  function refresh(path: string): void {
    try {
      const seen = stampOf(path)
      if (seen === stamp) return
      // Whoever removes the file takes its tokens back.
      named = seen === null ? [] : readTokens(path)
      stamp = seen
      complaint = ''
    } catch (error) {
      const message = messageOf(error)
      // It is read at each request until it can be; one line in the log is enough.
      if (message !== complaint)
        complain(`the tokens file cannot be used, so the tokens from before stay valid: ${message}`)
      complaint = message
    }
  }

  function known(): readonly KnownToken[] {
    if (file !== null) refresh(file)
    return [...main, ...named]
  }

  function find(token: string): KnownToken | null {
    const given = digest(token)
    let found: KnownToken | null = null
    // All are compared, so that the time tells nothing of where a match stands.
    for (const one of known()) if (timingSafeEqual(one.digest, given)) found = one
    return found
  }

  const isGood = ({ expiresAt }: KnownToken) => expiresAt > now()

  return {
    callerOf(token) {
      const found = find(token)
      return found && isGood(found) ? { name: found.name, scope: found.scope } : null
    },
    hasExpired(token) {
      const found = find(token)
      return found !== null && !isGood(found)
    },
    all: () => known().filter(isGood),
  }
}

/** Whether a scope includes another. */
export function includes(scope: Scope, wanted: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(wanted)
}

/** A token as the file keeps it: SHA-256, in hex. */
export function hashToken(token: string): string {
  return digest(token).toString('hex')
}

function readTokens(file: string): KnownToken[] {
  return readChecked(TokensFile, readOwnerFile(file), file).tokens.map(({ name, sha256, scope, expires }) => {
    const expiresAt = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires)
    if (Number.isNaN(expiresAt) || (expires !== undefined && impossibleDay(expires) !== null))
      throw new Error(`${file}: the token ${name} has no valid expiry date: ${expires}`)
    return { name, scope, digest: Buffer.from(sha256, 'hex'), expiresAt }
  })
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
