import type { CommandInfo } from './table.ts'

/**
 * The pids whose argv is a run of the agent, without those to be spared (the service and its ancestors). Pure.
 */
export function findStale(
  commands: Iterable<CommandInfo>,
  isRun: (argv: readonly string[]) => boolean,
  spare: ReadonlySet<number>,
): number[] {
  const found: number[] = []
  for (const { pid, argv } of commands) {
    if (!spare.has(pid) && isRun(argv)) found.push(pid)
  }
  return found
}
