import type { Agent } from '../agents/agent.ts'
import { oneLine } from '../base/one-line.ts'
import { isShortage } from '../base/plain-file.ts'
import { type PlaceToCut, type Redact, unchanged } from '../logging/redact.ts'
import { readTail } from '../logs/run-log.ts'
import type { RunEnd } from './outcome.ts'

/** What explaining an end needs. */
export interface ExplainDeps {
  readonly env: () => NodeJS.ProcessEnv
  /** Where the end of a log that is told to others may begin. */
  readonly placeToCut?: PlaceToCut
  /** Takes secrets out of what is told to others. */
  readonly redact?: Redact
}

/** An agent tells its session in the first lines; the log of one that could not work is short. */
const LINES = 200
/** The longest cause of an agent's own words, in UTF-16 units. */
const CAUSE_LENGTH = 300

/**
 * The end of a run with what its agent said last, where that is why: one that failed by itself has it as its cause, and one
 * that took too long gets the remedy where its very last words name one. The words are the agent's: they are cut to one line
 * without secrets, and believed of nobody who ended well.
 * @throws {Error} where the log cannot be read at the moment
 */
export function explain(
  end: RunEnd,
  logPath: string,
  endedAt: number,
  agent: Pick<Agent, 'failureOf'>,
  deps: ExplainDeps,
): RunEnd {
  const hasFailed = end.outcome === 'exited' && end.returnCode !== 0
  const tookTooLong = end.outcome === 'timed_out' || end.outcome === 'stalled'
  if (!hasFailed && !tookTooLong) return end
  const failure = agent.failureOf(tailOf(logPath, hasFailed ? LINES : 1, deps), deps.env(), endedAt)
  if (failure === null) return end
  if (tookTooLong) return { ...end, remedy: failure.remedy ?? end.remedy ?? null }
  const cause = oneLine((deps.redact ?? unchanged)(failure.cause), CAUSE_LENGTH)
  return { ...end, cause: end.cause ?? (cause || null), remedy: failure.remedy }
}

function tailOf(logPath: string, lines: number, { placeToCut }: ExplainDeps): string {
  try {
    return readTail(logPath, lines, placeToCut)
  } catch (error) {
    if (isShortage(error)) throw error
    return ''
  }
}
