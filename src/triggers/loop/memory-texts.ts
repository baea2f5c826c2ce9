import type { Memory } from './memory.ts'
import { MEMORIES, type MemoryName } from './memory-versions.ts'

/** What memories are to be, as a person says it; null empties one, and what is left out stays as it is. */
export type MemoryTexts = { readonly [name in MemoryName]?: string | null }

/** Refuses texts that no memory can hold, before anything is changed. @throws {LooperError} as `Memory.check` */
export function checkMemories(memory: Pick<Memory, 'check'>, texts: MemoryTexts): void {
  for (const name of MEMORIES) memory.check(name, texts[name] ?? '')
}

/** Writes those that somebody changed. @throws {LooperError} as `Memory.write` */
export function writeMemories(memory: Pick<Memory, 'write'>, texts: MemoryTexts, round: number | null): void {
  for (const name of MEMORIES) {
    const text = texts[name]
    if (text !== undefined) memory.write(name, text ?? '', { by: 'person', round })
  }
}
