import type { RunDetails } from '../runs/run-schemas.ts'
import type { Context } from './context.ts'
import type { End } from './follow.ts'
import { hasFailed, type Told } from './human.ts'
import { lastLines } from './last-lines.ts'

const LINES = 10

/** A run that ended, with its name and what to do about it where the service can be asked for them. */
export async function endedRun({ client }: Context, end: End): Promise<End & Told> {
  try {
    const run = await client.get<RunDetails & Told>(`/runs/${end.run_id}`, ['run_id'])
    return { ...run, ...end, cause: end.cause ?? run.cause }
  } catch {
    // It ended all the same.
    return end
  }
}

/** Tells of a run that ended badly what to do about it, and on request its last lines; of another one nothing. */
export async function tellBadEnd(
  { screen, client }: Context,
  run: End & Told,
  withLines: boolean,
): Promise<void> {
  const isRefuted = run.verdict === 'refuted'
  if (!hasFailed(run) && !isRefuted) return
  if (run.remedy) screen.tell(run.remedy)
  // What was said against it is worth more than what its agent said last.
  const part = isRefuted ? 'verify-log' : 'log'
  const lines = withLines || isRefuted ? await lastLines(client, run.run_id, LINES, part) : []
  if (lines.length > 0) screen.tell(isRefuted ? 'The last lines of its check:' : 'Its last lines:')
  for (const line of lines) screen.tell(`  ${line}`)
}
