import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ToolsAccess } from '../agents/agent-core.ts'

/** What a run's agent is handed, and what is kept of its token. */
export interface MadeToken {
  readonly access: ToolsAccess
  /** In hex. */
  readonly sha256: string
}

/** Tokens that runs have of their own, each good as long as its run lives. Only hashes of them are kept. */
export interface RunTokens {
  /** From now on agents are told to find their tools there. */
  offer(url: string): void
  /** A token for a run that is about to be launched; null where no tools are offered. */
  make(runId: string): MadeToken | null
  /** What stands for that of a run that is only planned; null where no tools are offered. */
  planned(): ToolsAccess | null
  /** Takes up the token of a run that an earlier life of the service launched. */
  know(runId: string, sha256: string): void
  /** The run whose token that is; null: of none that lives. */
  runOf(token: string): string | null
  /** The run lives no more. */
  forget(runId: string): void
}

const TOKEN_BYTES = 32
/** Stands for a token that nobody has. */
const TOKEN_TO_COME = '<token>'

/** No tokens yet, and nothing offered. */
export function createRunTokens(): RunTokens {
  const digests = new Map<string, Buffer>()
  let url: string | null = null

  return {
    offer(address) {
      url = address
    },
    make(runId) {
      if (url === null) return null
      const token = randomBytes(TOKEN_BYTES).toString('base64url')
      const digest = digestOf(token)
      digests.set(runId, digest)
      return { access: { url, token }, sha256: digest.toString('hex') }
    },
    planned: () => (url === null ? null : { url, token: TOKEN_TO_COME }),
    know(runId, sha256) {
      digests.set(runId, Buffer.from(sha256, 'hex'))
    },
    runOf(token) {
      const given = digestOf(token)
      let found: string | null = null
      // All are compared, so that the time tells nothing of where a match stands.
      for (const [runId, digest] of digests) if (timingSafeEqual(digest, given)) found = runId
      return found
    },
    forget(runId) {
      digests.delete(runId)
    },
  }
}

const digestOf = (token: string) => createHash('sha256').update(token).digest()
