import path from 'node:path'
import { type Memory, type MemoryDeps, openMemory } from './memory.ts'

/** What it takes. */
export interface MemoriesDeps extends Pick<MemoryDeps, 'tables' | 'clock'> {
  /** Where each loop has a directory. */
  readonly dir: string
}

/** The memories of any loop. Whoever writes one is to tell that it is different. */
export const memoriesIn =
  ({ dir, ...deps }: MemoriesDeps) =>
  (loop: string): Memory =>
    openMemory({ ...deps, loop, dir: path.join(dir, loop) })
