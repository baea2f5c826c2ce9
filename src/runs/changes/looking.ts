import type { Logger } from 'pino'
import type { Clock } from '../../base/clock.ts'
import { type Git, gitAt } from './git.ts'

/** What looking into repositories needs. */
export interface LookingDeps {
  /** Where it keeps what is its own. */
  readonly dir: string
  /** The program of git; null where there is none. */
  readonly git: () => string | null
  /** The environment of the owner. */
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly logger: Logger
  /** Aborted when the owner does not want to wait for anything any more. */
  readonly hurry: AbortSignal
}

/** To let go of everything, in milliseconds. */
export const LET_GO_MS = 2000

/** The git that is there now. @throws {Error} where there is none */
export function gitNow({ git }: Pick<LookingDeps, 'git'>): Git {
  const program = git()
  if (program === null) throw new Error('there is no git on PATH')
  return gitAt(program)
}
