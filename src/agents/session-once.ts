import type { AgentEvent } from './agent-events.ts'

/** Tells a session when it is named for the first time; agents name it again and again. */
export function sessionOnce(isSession: (id: string) => boolean): (id: string | null) => AgentEvent[] {
  let told: string | null = null
  return (id) => {
    if (id === null || id === told || !isSession(id)) return []
    told = id
    return [{ kind: 'session', id }]
  }
}
