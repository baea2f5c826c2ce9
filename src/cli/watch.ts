import { wordsOf } from '../runs/changes/changed.ts'
import { asText } from './as-text.ts'
import { endedRun, tellBadEnd } from './bad-end.ts'
import type { Context } from './context.ts'
import { type End, follow } from './follow.ts'
import { labelOf, outcomeOf, type Told } from './human.ts'

/**
 * Shows the log of a run until it ends, and tells how it ended.
 * @param start where to begin, as {@link follow} takes it
 */
export async function showToEnd(context: Context, runId: string, start: string): Promise<End> {
  const { screen, client, options } = context
  if (options.json) {
    const take = (bytes: Uint8Array, offset: number) => screen.json({ offset, ...asText(bytes) })
    const end = await follow(client, runId, { ...following(context), start, take })
    await screen.json(end)
    return end
  }
  const sink = screen.openLog()
  try {
    const end = await follow(client, runId, { ...following(context), start, take: sink.write })
    await sink.end()
    const run = await endedRun(context, end)
    screen.tell(`looper: ${endLine(run)}`)
    await tellBadEnd(context, run, false)
    return end
  } catch (error) {
    // The terminal gets its own colours back, whatever happened.
    await sink.end()
    throw error
  }
}

/** What every follower of a command needs. */
export function following({ world, screen }: Context) {
  const tell = (message: string) => screen.tell(`looper: ${message}`)
  return { signal: world.interrupted, clock: world.clock, tell }
}

/** How a run ended, as a line. */
export function endLine(end: End & Told): string {
  const changed = end.changes && wordsOf(end.changes)
  const why = end.cause || end.verdict_cause
  return `${labelOf(end)}: ${[outcomeOf(end), changed, why].filter(Boolean).join(', ')}`
}
