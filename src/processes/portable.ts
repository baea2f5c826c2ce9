import psList from 'ps-list'
import treeKill from 'tree-kill'
import { reach } from './reach.ts'
import { type Identity, isSame, type ProcessInfo, type ProcessTable } from './table.ts'

type Listing = Awaited<ReturnType<typeof psList>>

/** What the portable table asks of the system; the defaults are ps-list and tree-kill. */
export interface PortableTools {
  list(): Promise<Listing>
  killTree(pid: number, signal: NodeJS.Signals): Promise<void>
}

const systemTools: PortableTools = {
  list: () => psList(),
  killTree: (pid, signal) =>
    new Promise((resolve, reject) => {
      treeKill(pid, signal, (error) => (error ? reject(error) : resolve()))
    }),
}

/**
 * The table for systems without `/proc`, through `ps`. Its gaps: arguments that hold spaces are split, so a run
 * is recognised by the words before its prompt; identities are whole seconds; there are no cookies and no marks, so a
 * tool that left its agent's tree is not found; a stopped process looks alive; CPU time is not told.
 */
export function portableTable(tools: PortableTools = systemTools): ProcessTable {
  const list = async (): Promise<Listing> => {
    const listing = await tools.list().catch((error: unknown) => {
      throw new Error('`ps` cannot be run; install it (procps), so that Looper sees processes', {
        cause: error,
      })
    })
    if (!listing.some(({ pid }) => pid === process.pid)) {
      throw new Error(
        '`ps` does not list processes as expected (BusyBox?); install procps, so that Looper sees them',
      )
    }
    return listing
  }

  const inspect = async (pid: number): Promise<ProcessInfo | null> => {
    const entry = (await list()).find((candidate) => candidate.pid === pid)
    return entry ? infoOf(entry) : null
  }

  return {
    kind: 'ps',
    bootId: '',

    async check() {
      await list()
      return null
    },

    async commands() {
      return (await list()).map(({ pid, cmd, name }) => ({ pid, argv: (cmd ?? name).split(/\s+/) }))
    },

    async processes() {
      return (await list()).map(infoOf).sort((a, b) => b.pid - a.pid)
    },

    inspect,

    async isAlive(identity) {
      const now = await inspect(identity.pid)
      return now !== null && isSameSecond(now, identity)
    },

    async isOwnUser(pid) {
      const entry = (await list()).find((candidate) => candidate.pid === pid)
      return entry?.uid === undefined || entry.uid === process.getuid?.()
    },

    maySignal: (pid) => reach(pid) !== 'closed',

    cookieOf: () => null,

    markOf: () => null,

    movedBytesOf: () => 0,

    startNow: () => null,

    async signal(target, signal) {
      const now = await inspect(target.pid)
      if (!now || !isSameSecond(now, target)) return false
      await tools.killTree(target.pid, signal)
      return true
    },
  }
}

function infoOf({ pid, ppid, startTime }: Listing[number]): ProcessInfo {
  const start = startTime ? String(Math.round(startTime.getTime() / 1000)) : ''
  return { bootId: '', pid, start, parent: ppid, group: 0, session: 0, state: 'alive', cpuTicks: 0 }
}

/** `ps` derives the start from the clock and may be off by one second between two looks. */
function isSameSecond(now: ProcessInfo, target: Identity): boolean {
  return isSame(now, target) || Math.abs(Number(now.start) - Number(target.start)) <= 1
}
