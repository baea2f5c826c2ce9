import { Gauge, type Registry } from 'prom-client'
import { type ExpiringToken, SCOPES } from '../../http/tokens.ts'
import { setOrLeaveOut } from './set.ts'

/** What the service tells of itself when somebody asks. */
export interface ServiceFacts {
  readonly version: string
  /** The tokens that are good now; null where none is asked for. */
  tokens(): readonly ExpiringToken[] | null
  /** What is free on the file system of the run logs. */
  freeBytes(): number
}

/** Adds what the service tells of itself: its version, its tokens and its disk. */
export function addServiceMeters(registry: Registry, facts: ServiceFacts): void {
  const registers = [registry]
  new Gauge({
    name: 'looper_build_info',
    help: 'Which Looper this is, on which Node; always 1.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: facts.version, node: process.versions.node }, 1)
  new Gauge({
    name: 'looper_tokens',
    help: 'Tokens that are good now, by their scope.',
    labelNames: ['scope'],
    registers,
    collect() {
      for (const scope of SCOPES)
        this.set({ scope }, (facts.tokens() ?? []).filter((token) => token.scope === scope).length)
    },
  })
  new Gauge({
    name: 'looper_token_next_expiry_timestamp_seconds',
    help: 'When the next token expires, in seconds since the epoch. No sample where none does.',
    registers,
    collect() {
      const next = Math.min(...(facts.tokens() ?? []).map(({ expiresAt }) => expiresAt))
      if (Number.isFinite(next)) this.set(next / 1000)
      else this.remove()
    },
  })
  new Gauge({
    name: 'looper_disk_free_bytes',
    help: 'What is free on the file system of the run logs.',
    registers,
    collect() {
      return setOrLeaveOut(this, facts.freeBytes)
    },
  })
}
