import type { AgentEvent } from './agent-events.ts'

/** No agent has so many calls open at once; what is beyond them is not counted. */
const MOST_OPEN = 1000

/** The tool calls of a run that have begun and not ended, as its agent tells them. */
export interface OpenCalls {
  take(event: AgentEvent): void
  /** Whether one is open. */
  any(): boolean
  /** Whether the agent has said anything. */
  hasSpoken(): boolean
  /** Whether it tells them only when they have ended. */
  readonly areToldLate: boolean
}

/** Counts tool calls by what an agent says. */
export function openCalls(areToldLate: boolean): OpenCalls {
  const open = new Set<string>()
  let hasSpoken = false
  return {
    take(event) {
      hasSpoken = true
      if (event.kind !== 'tool' && event.kind !== 'work') return
      if (event.state !== 'started') open.delete(event.id)
      else if (open.size < MOST_OPEN) open.add(event.id)
    },
    any: () => open.size > 0,
    hasSpoken: () => hasSpoken,
    areToldLate,
  }
}
