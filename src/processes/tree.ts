import { runPart } from './mark.ts'
import type { Identity, ProcessInfo, ProcessTable } from './table.ts'

/** The processes of a run, zombies too: its agent, what descends from it, and what carries the run's cookie or mark. */
export async function treeOf(
  run: { readonly runId: string; readonly agent: Pick<Identity, 'pid' | 'start'> },
  table: ProcessTable,
): Promise<readonly ProcessInfo[]> {
  const pids = new Set([run.agent.pid])
  const mark = runPart(run.runId)
  const carries = ({ pid, start }: ProcessInfo) =>
    table.cookieOf(pid) === run.runId ||
    (Number(start) >= Number(run.agent.start) && table.markOf(pid)?.run === mark)
  const tree: ProcessInfo[] = []
  // Oldest first, so that parents are met before their children.
  for (const info of [...(await table.processes())].reverse()) {
    if (!pids.has(info.pid) && !pids.has(info.parent) && !carries(info)) continue
    pids.add(info.pid)
    tree.push(info)
  }
  return tree
}
