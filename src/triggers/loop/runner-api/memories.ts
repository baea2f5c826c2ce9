import { checkText } from '../../../runs/prompt.ts'
import { checkSize, type Memory } from '../memory.ts'
import { MEMORIES } from '../memory-versions.ts'
import type { RunnerChange } from './config.ts'

/** Refuses texts that no memory can hold, before anything is changed. @throws {LooperError} `LOOPER_LOOP_MEMORY_TOO_LARGE`, `LOOPER_FIELD_INVALID` */
export function checkMemories(change: RunnerChange): void {
  for (const memory of MEMORIES) {
    const text = change[memory] ?? ''
    checkText(text, memory)
    checkSize(memory, Buffer.byteLength(text))
  }
}

/** Writes those that somebody changed; null empties one. @throws {LooperError} as `Memory.write` */
export function writeMemories(
  memory: Pick<Memory, 'write'>,
  change: RunnerChange,
  round: number | null,
): void {
  for (const name of MEMORIES) {
    const text = change[name]
    if (text !== undefined) memory.write(name, text ?? '', { by: 'person', round })
  }
}
