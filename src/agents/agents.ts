import type { Agent } from './agent.ts'

/** The agents that there are. */
export interface Agents {
  readonly all: readonly Agent[]
  /** That of whoever names none. */
  readonly standard: Agent
  /** The one that callers have always known: its runs are stopped on the whole machine. */
  readonly known: Agent
}

/** An agent by its name; null where there is none. */
export const agentNamed = ({ all }: Agents, name: string): Agent | null =>
  all.find((agent) => agent.name === name) ?? null

/** The agent of a run on the record; the one that callers know where it is not configured any more. */
export const agentOnRecord = (agents: Agents, name: string): Agent => agentNamed(agents, name) ?? agents.known

/** Whether an argv is a run of any of them. */
export const isRunOfAny =
  ({ all }: Agents) =>
  (argv: readonly string[]): boolean =>
    all.some((agent) => agent.isRun(argv))
