import { testArguments } from './suite-arguments.ts'
import type { AgentCase } from './suite-case.ts'
import { testHostile } from './suite-hostile.ts'
import { testLive } from './suite-live.ts'
import { testProbes } from './suite-probes.ts'
import { testStreams } from './suite-streams.ts'

/** What the port promises, held against one agent: how it is started, what it says, and what it tells about itself. */
export function testAgent(agentCase: AgentCase): void {
  testArguments(agentCase)
  testProbes(agentCase)
  testStreams(agentCase)
  testHostile(agentCase)
  testLive(agentCase)
}
