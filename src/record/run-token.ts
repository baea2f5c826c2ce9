import { textOrNull } from './cells.ts'

/** What is kept of a run's own token. */
export interface TokenOnRecord {
  /** SHA-256, in hex; null: it has none. */
  readonly tokenSha256: string | null
}

/** The hash of the token by which a run's agent reaches its tools. */
export const RUN_TOKEN_MIGRATION = 'ALTER TABLE runs ADD COLUMN token_sha256 TEXT;'

/** From a row; what is no hash is none. */
export function tokenIn(row: Readonly<Record<string, unknown>>): TokenOnRecord {
  const given = textOrNull(row.token_sha256)
  return { tokenSha256: given !== null && /^[0-9a-f]{64}$/.test(given) ? given : null }
}
