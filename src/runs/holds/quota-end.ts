import type { Agent } from '../../agents/agent.ts'
import { saidIn } from '../../agents/complete-agent.ts'
import type { Said } from '../../agents/said.ts'
import { readTail } from '../../logs/run-log.ts'
import type { RunEnd } from '../outcome.ts'

/** A usage limit that a run ended at. */
export interface QuotaEnd {
  /** When it is reset, in milliseconds since the epoch, as the agent told it; null where it did not. */
  readonly until: number | null
}

/** An agent tells its session in the first lines, and the limit in the last; its log is short then. */
const LINES = 200

/**
 * The usage limit that an agent ended at by itself; null where it ended otherwise. A limit of rate that the agent waits out is
 * none: it goes on then.
 * @param output the end of the run's output; @param so what it has said in all, where that is known
 */
export function quotaIn(
  output: string,
  agent: Pick<Agent, 'read' | 'limitedUntil'>,
  env: NodeJS.ProcessEnv,
  endedAt: number,
  so: Pick<Said, 'errorKind' | 'errorUntil'> = saidIn(agent, output),
): QuotaEnd | null {
  if (so.errorKind !== 'quota') return null
  return { until: agent.limitedUntil(output, env, endedAt) ?? so.errorUntil }
}

/** The same of a run, by its log; a log that cannot be read any more names no time. */
export function quotaAtEnd(
  { outcome }: Pick<RunEnd, 'outcome'>,
  logPath: string,
  agent: Pick<Agent, 'read' | 'limitedUntil'>,
  env: () => NodeJS.ProcessEnv,
  endedAt: number,
  so: Pick<Said, 'errorKind' | 'errorUntil'>,
): QuotaEnd | null {
  if (outcome !== 'exited' || so.errorKind !== 'quota') return null
  try {
    return quotaIn(readTail(logPath, LINES), agent, env(), endedAt, so)
    /* c8 ignore next 3: the moment at which there are no descriptors */
  } catch {
    return { until: so.errorUntil }
  }
}
