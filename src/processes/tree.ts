import type { ProcessInfo, ProcessTable } from './table.ts'

/** The processes of a run, zombies too: its agent, what descends from it, and what carries the run's cookie. */
export async function treeOf(
  run: { readonly runId: string; readonly agent: { readonly pid: number } },
  table: ProcessTable,
): Promise<readonly ProcessInfo[]> {
  const pids = new Set([run.agent.pid])
  const tree: ProcessInfo[] = []
  // Oldest first, so that parents are met before their children.
  for (const info of [...(await table.processes())].reverse()) {
    if (!pids.has(info.pid) && !pids.has(info.parent) && table.cookieOf(info.pid) !== run.runId) continue
    pids.add(info.pid)
    tree.push(info)
  }
  return tree
}
