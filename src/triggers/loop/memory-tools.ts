import { Type } from '../../base/schema.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { type Tool, tool } from '../../tools/tool.ts'
import { slotOf } from './loop.ts'
import type { Memory, MemoryText } from './memory.ts'
import type { MemoryName } from './memory-versions.ts'
import type { LoopRecords, Round } from './records.ts'

/** What they take. */
export interface MemoryToolsDeps {
  readonly records: Pick<LoopRecords, 'openRound'>
  memoryOf(loop: string): Pick<Memory, 'append' | 'remove' | 'read'>
  /** Is told that one was written. */
  noteChange(loop: string): void
}

const input = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 20_000 }) },
  { additionalProperties: false },
)
const SLOT = slotOf('')

/** The agent in a round writes the memories of its loop, which are all that later rounds know of it. */
export function memoryTools({ records, memoryOf, noteChange }: MemoryToolsDeps): Tool[] {
  /** At most one run lives in the slot of a loop: it is of the round that is open. @throws {Error} where there is none */
  function roundOf({ slot }: RunRecord): { readonly loop: string; readonly round: Round } {
    const loop = slot.slice(SLOT.length)
    const round = records.openRound(loop)
    if (round === null) throw new Error('the round of this run is over')
    return { loop, round }
  }

  const memoryTool = (
    name: string,
    description: string,
    change: (memory: Pick<Memory, 'append' | 'remove' | 'read'>, text: string, round: number) => MemoryText,
  ): Tool =>
    tool({
      name,
      description,
      input,
      isReadOnly: false,
      isFor: isOfLoop,
      async call({ text }, run) {
        const { loop, round } = roundOf(run)
        const { bytes, warning } = change(memoryOf(loop), text, round.id)
        noteChange(loop)
        return { bytes, ...(warning !== null && { warning }) }
      },
    })

  const adding = (which: MemoryName) => (memory: Pick<Memory, 'append'>, text: string, round: number) =>
    memory.append(which, text, { by: 'agent', round })

  return [
    memoryTool(
      'remember',
      'Add lines to the persistent memory: every later round is sent it.',
      adding('persistent'),
    ),
    memoryTool(
      'note',
      'Add lines to the working memory: the next round alone is sent it.',
      adding('working'),
    ),
    memoryTool(
      'forget',
      'Take lines, exactly as they stand there, out of the persistent memory.',
      (memory, text, round) => {
        const before = memory.read('persistent', round)
        const after = memory.remove('persistent', text, { by: 'agent', round })
        if (before.bytes === after.bytes) throw new Error('no such line stands in the persistent memory')
        return after
      },
    ),
  ]
}

const isOfLoop = ({ trigger, slot }: RunRecord): boolean => trigger === 'loop' && slot.startsWith(SLOT)
