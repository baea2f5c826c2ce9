import type { Logger } from 'pino'
import type { Agents } from './agents/agents.ts'
import type { Clock } from './base/clock.ts'
import type { Finding } from './base/finding.ts'
import type { Meters } from './base/meters.ts'
import type { Failures } from './http/failures.ts'
import type { TokenCheck } from './http/tokens.ts'
import type { Redact } from './logging/redact.ts'
import type { LogSettings } from './logging/settings.ts'
import type { Notices } from './notices/notices.ts'
import type { Asks } from './people/asks.ts'
import type { ProcessTable } from './processes/table.ts'
import type { Ledger } from './record/ledger.ts'
import type { RequestDefaults } from './runs/request.ts'
import type { RunTokens } from './runs/run-tokens.ts'
import type { Runs } from './runs/runs.ts'
import type { RunSettings } from './runs/settings.ts'
import type { Steps } from './runs/steps.ts'
import type { PersonTool, Tool } from './tools/tool.ts'

/** What is open when plug-ins are opened; each takes of it what it needs. */
export interface Parts {
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly settings: { readonly log: LogSettings } & RunSettings
  /** The service's own environment. */
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly logger: Logger
  readonly table: ProcessTable
  readonly ledger: Ledger
  readonly steps: Steps
  readonly runs: Runs
  readonly runTokens: RunTokens
  readonly agents: Agents
  /** What agents get as their environment now. */
  agentEnv(): NodeJS.ProcessEnv
  readonly notices: Notices
  /** Takes secrets out of what leaves the service. */
  readonly redact: Redact
  /** What a request's gaps are filled with. */
  readonly defaults: RequestDefaults
  newRequestId(): string
  /** Null: nobody is asked for one. */
  readonly tokens: TokenCheck | null
  readonly failures: Failures
  readonly meters: Meters
  /** What agents inside of runs can do, of all plug-ins; as soon as all are open. */
  tools(): readonly Tool[]
  /** What persons' own agents can do, likewise. */
  personTools(): readonly PersonTool[]
  /** What agents ask people, likewise. */
  asks(): readonly Pick<Asks, 'list' | 'changed'>[]
  /** What is wrong with the settings, as it was found at the start. */
  readonly findings: readonly Finding[]
}
