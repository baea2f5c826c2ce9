import type { AgentEvent } from './agent-events.ts'
import { bounded, MOST } from './bounded.ts'

/** What an agent said, bounded; nothing where there is no word in it. */
export const textEvent = (text: string | null): AgentEvent[] =>
  text === null || text.trim() === '' ? [] : [{ kind: 'text', text: bounded(text, MOST.text) }]
