import type { AgentEvent } from '../agent-events.ts'
import { openTools } from '../open-tools.ts'

const CALL = /^mcp: ([\w.-]{1,100})\/([\w.-]{1,100}) (?:(started)|\((completed)\)|\(failed\))$/

const MOST_OPEN = 1000

/**
 * Reads the lines of a transcript that tell of calls of MCP servers' tools, of which nothing but name and end is told; null for
 * a line that tells of none.
 */
export function plainMcp(): (line: string) => AgentEvent[] | null {
  const tools = openTools()
  const ids = new Map<string, string>()
  let count = 0

  return (line) => {
    const [, server, tool, isStarted, isCompleted] = CALL.exec(line) ?? []
    if (server === undefined) return null
    const name = `${server}.${tool}`
    if (isStarted !== undefined) {
      count++
      // A tool may print such lines without end.
      if (ids.size >= MOST_OPEN) ids.clear()
      ids.set(name, `mcp_${count}`)
      return [tools.started(`mcp_${count}`, name, null)]
    }
    // One that has not started is somebody else's word.
    const id = ids.get(name)
    ids.delete(name)
    return id === undefined ? null : [tools.ended(id, null, isCompleted === undefined)]
  }
}
