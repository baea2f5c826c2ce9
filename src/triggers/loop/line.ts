import { LooperError } from '../../base/errors.ts'

/** What a loop waits for that others use now: the workspace of this path (null: it has none), or a place among all runs. */
export type Wanted = { readonly workspace: string | null } | 'place'

/** The loops that wait for what others use, in the order in which they came: none of them waits for ever. */
export interface Line {
  /** It waits for this now; one that waited already keeps its place. */
  wait(name: string, wanted: Wanted): void
  leave(name: string): void
  /** Whether another one came earlier for a place, or for that workspace. */
  isBehind(name: string, workspace: string | null): boolean
  /** Who came first; null: nobody waits. */
  first(): string | null
}

/** A line in which nobody waits. */
export function createLine(): Line {
  const waiting = new Map<string, Wanted>()
  return {
    wait: (name, wanted) => void waiting.set(name, wanted),
    leave: (name) => void waiting.delete(name),
    isBehind(name, workspace) {
      for (const [other, wanted] of waiting) {
        if (other === name) return false
        if (wanted === 'place' || wanted.workspace === workspace) return true
      }
      return false
    },
    first: () => waiting.keys().next().value ?? null,
  }
}

/** What others use now without which a launch in this workspace failed; null: it waits for nothing that others give up. */
export function wantedOf(error: unknown, workspace: string | null): Wanted | null {
  if (!(error instanceof LooperError)) return null
  if (error.code === 'LOOPER_MAX_RUNS') return 'place'
  return error.code === 'LOOPER_WORKSPACE_BUSY' ? { workspace } : null
}
