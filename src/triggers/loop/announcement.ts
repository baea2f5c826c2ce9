import { lengthOf } from '../../base/length-of.ts'
import type { Announcement } from '../../notices/announce.ts'
import type { Loop, LoopRecords } from './records.ts'

/** The latest rounds of which one may have had a run. */
const LOOKED_AT = 20

/**
 * What people are told of a loop that has ended or pauses; null: nothing, or they know. Of one whose latest rounds had no runs
 * nothing is said: people are told of runs.
 */
export function announcementOf(
  loop: Loop,
  records: Pick<LoopRecords, 'find' | 'rounds' | 'update'>,
): Announcement | null {
  const { name, untoldAt } = loop
  if (untoldAt === null) return null
  const latest = records.rounds(name, { limit: LOOKED_AT, before: Number.MAX_SAFE_INTEGER })
  const runId = latest.find((round) => round.runId !== null)?.runId ?? null
  return {
    key: `loop ${name} ${untoldAt}`,
    runId: runId ?? '',
    message: runId === null ? null : messageFor(loop, untoldAt),
    note() {
      // It may have gone on, and rest again, since.
      if (records.find(name)?.untoldAt === untoldAt) records.update(name, { untoldAt: null })
    },
  }
}

function messageFor({ name, state, cause, why, startedAt, tally }: Loop, at: number): string {
  const { iterations, tokens, costUsd } = tally
  const facts = [
    `${iterations} ${iterations === 1 ? 'round' : 'rounds'}`,
    lengthOf(at - (startedAt ?? at)),
    `${tokens} tokens`,
    ...(costUsd > 0 ? [`$${costUsd.toFixed(2)}`] : []),
  ]
  const isOver = state === 'ended'
  const next =
    cause === 'quota' || cause === 'disk'
      ? 'It goes on by itself.'
      : isOver
        ? `Begin anew: looper loop start ${name}`
        : `Go on: looper loop resume ${name}`
  return `Loop ${name} ${isOver ? 'has ended' : 'pauses'}: ${why}. ${facts.join(', ')}.\n${next}`
}
