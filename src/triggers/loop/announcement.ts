import { lengthOf } from '../../base/length-of.ts'
import type { Announcement } from '../../notices/announce.ts'
import { slotOf } from './loop.ts'
import type { Loop, LoopRecords } from './records.ts'

/** What people are told of a loop that has ended or pauses; null: nothing, or they know. */
export function announcementOf(
  loop: Loop,
  records: Pick<LoopRecords, 'find' | 'update'>,
): Announcement | null {
  const { name, untoldAt } = loop
  if (untoldAt === null) return null
  return {
    key: `loop ${name} ${untoldAt}`,
    from: { name: slotOf(name) },
    message: messageFor(loop, untoldAt),
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
