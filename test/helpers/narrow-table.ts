import { readFileSync } from 'node:fs'
import { linuxTable } from '../../src/processes/linux.ts'
import type { ProcessTable } from '../../src/processes/table.ts'

/** The machine's table, narrowed to processes whose environment holds the mark: a test's own and no others. */
export function narrowTable(mark: string): ProcessTable {
  const table = linuxTable()
  const isMarked = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
    } catch {
      return false
    }
  }
  return {
    ...table,
    commands: async () => [...(await table.commands())].filter(({ pid }) => isMarked(pid)),
    processes: async () => {
      const all = await table.processes()
      return (function* () {
        for (const info of all) if (isMarked(info.pid)) yield info
      })()
    },
  }
}
