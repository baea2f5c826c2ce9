import type { AgentTool } from './agent-events.ts'
import { bounded, MOST } from './bounded.ts'

/** No agent has so many calls open at once; what is forgotten is told without its name. */
const MOST_OPEN = 1000

/** Tool calls of an agent that tells their names and inputs only when they start. */
export interface OpenTools {
  started(id: string, name: string, input: string | null): AgentTool
  ended(id: string, output: string | null, isFailed: boolean): AgentTool
}

/** A tool call, its texts bounded. */
export const toolCall = ({ id, name, input, output, state }: Omit<AgentTool, 'kind'>): AgentTool => ({
  kind: 'tool',
  id: bounded(id, MOST.name),
  name: bounded(name, MOST.name),
  input: input === null ? null : bounded(input, MOST.input),
  output: output === null ? null : bounded(output, MOST.output),
  state,
})

/** Keeps the beginnings of tool calls for their ends. */
export function openTools(): OpenTools {
  const open = new Map<string, AgentTool>()
  return {
    started(id, name, input) {
      const tool = toolCall({ id, name, input, output: null, state: 'started' })
      open.set(tool.id, tool)
      for (const oldest of open.keys()) {
        if (open.size <= MOST_OPEN) break
        open.delete(oldest)
      }
      return tool
    },
    ended(id, output, isFailed) {
      const known = bounded(id, MOST.name)
      const { name = '', input = null } = open.get(known) ?? {}
      open.delete(known)
      return toolCall({ id, name, input, output, state: isFailed ? 'failed' : 'done' })
    },
  }
}
