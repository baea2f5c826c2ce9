import type { AgentCore } from '../agent-core.ts'
import type { CommandSettings } from './settings.ts'

/** What a program tells of what it uses, by its settings: its own events may tell all, lines what the pattern has a group for. */
export function toldBy({
  output,
  patterns,
}: Pick<CommandSettings, 'output' | 'patterns'>): AgentCore['tells'] {
  if (output === 'events') return { tokens: true, cost: true }
  const usage = patterns?.usage ?? ''
  return { tokens: /\(\?<(?:input|output)>/.test(usage), cost: usage.includes('(?<cost>') }
}
