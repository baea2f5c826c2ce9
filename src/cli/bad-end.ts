import type { RunDetails } from '../runs/schemas.ts'
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
  if (!hasFailed(run)) return
  if (run.remedy) screen.tell(run.remedy)
  const lines = withLines ? await lastLines(client, run.run_id, LINES) : []
  if (lines.length > 0) screen.tell('Its last lines:')
  for (const line of lines) screen.tell(`  ${line}`)
}
