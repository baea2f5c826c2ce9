import t from 'tap'
import { runPart } from '../../src/processes/mark.ts'
import { portableTable } from '../../src/processes/portable.ts'
import type { ProcessInfo, ProcessTable } from '../../src/processes/table.ts'
import { treeOf } from '../../src/processes/tree.ts'

t.test(
  'a tree is the agent, its descendants, and what carries its cookie or, being younger, its mark',
  async (t) => {
    const process = (pid: number, parent: number): ProcessInfo => ({
      bootId: 'boot',
      pid,
      parent,
      start: String(pid),
      group: pid,
      session: pid,
      state: 'alive',
      cpuTicks: 0,
    })
    const agent = process(10, 1)
    const all = [process(5, 1), agent, process(11, 10), process(12, 1), process(13, 1), process(14, 1)]
    const mark = { run: runPart('a-run'), owner: 'x' }
    const table: ProcessTable = {
      ...portableTable(),
      processes: async () => all.toReversed(),
      cookieOf: (pid) => (pid === 12 ? 'a-run' : null),
      markOf: (pid) => (pid === 13 || pid === 5 ? mark : pid === 14 ? { ...mark, run: 'other' } : null),
    }
    const tree = await treeOf({ runId: 'a-run', agent }, table)
    t.same(
      tree.map(({ pid }) => pid),
      [10, 11, 12, 13],
    )
  },
)
