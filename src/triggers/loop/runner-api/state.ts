import { orNull, type Static, Type } from '../../../base/schema.ts'
import { isAtWork } from '../advance.ts'
import type { Loop, LoopRecords, Round } from '../records.ts'

const Entry = Type.Object({
  iteration: Type.Integer(),
  prompt: Type.String(),
  response: Type.String(),
  timestamp: Type.Integer({ description: 'When it ended, in milliseconds since the epoch.' }),
  error: Type.Optional(Type.String({ description: 'Why it did not go well.' })),
})

/** Iterations that are over. */
export const RunnerHistory = Type.Array(Entry, {
  description: 'The newest 100, or as many as 16 MiB hold, oldest first.',
})
/** Iterations that are over. */
export type RunnerHistory = Static<typeof RunnerHistory>

/** How far the loop is, in Loop Runner's words. */
export const RunnerState = Type.Object({
  running: Type.Boolean(),
  iteration: Type.Integer(),
  sessionID: orNull(Type.String({ description: "The agent's session of the newest iteration." })),
  lastOutput: Type.String(),
  monitorOutput: Type.String(),
  history: RunnerHistory,
})
/** How far the loop is, in Loop Runner's words. */
export type RunnerState = Static<typeof RunnerState>

const MOST_ENTRIES = 100
const MOST_CHARACTERS = 16 * 1024 * 1024
/** Rounds are read so many at a time: a prompt may be a megabyte. */
const PAGE = 10

/** The iterations of a loop that are over, oldest first. @param most so many at most */
export function historyOf(
  records: Pick<LoopRecords, 'rounds'>,
  name: string,
  most = MOST_ENTRIES,
): RunnerHistory {
  const entries: RunnerHistory = []
  let left = MOST_CHARACTERS
  let before = Number.MAX_SAFE_INTEGER
  for (;;) {
    const page = records.rounds(name, { limit: PAGE, before })
    for (const round of page) {
      const entry = entryOf(round)
      if (entry === null) continue
      left -= entry.prompt.length + entry.response.length
      if (entries.length === most || left < 0) return entries.reverse()
      entries.push(entry)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return entries.reverse()
    before = last.id
  }
}

/** One in which nothing was done, as its gate found nothing to do, is none. */
function entryOf({ iteration, prompt, response, error, endedAt }: Round): RunnerHistory[number] | null {
  if (endedAt === null || (prompt === null && error === null)) return null
  return {
    iteration,
    prompt: prompt ?? '',
    response: response ?? '',
    timestamp: endedAt,
    ...(error !== null && { error }),
  }
}

/** How far a loop is, in Loop Runner's words. Pure. @param loop null: nobody has made it */
export function stateOf(loop: Loop | null, sessionID: string | null, history: RunnerHistory): RunnerState {
  return {
    running: loop !== null && isAtWork(loop),
    iteration: loop?.iteration ?? 0,
    sessionID,
    lastOutput: loop?.lastOutput ?? '',
    monitorOutput: loop?.monitorOutput ?? '',
    history,
  }
}
