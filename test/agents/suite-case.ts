import type { AgentCore, AgentTask } from '../../src/agents/agent-core.ts'
import type { Said } from '../../src/agents/said.ts'

/** A recorded stream, and what of it must be on the record. */
export interface Recording {
  readonly file: string
  readonly said: Partial<Said>
}

/** What is known of one agent, to hold it to the contract. */
export interface AgentCase {
  readonly agent: AgentCore
  readonly recordings: {
    readonly answer: Recording
    readonly tool: Recording
    readonly quota: Recording
    readonly auth: Recording
    readonly resume: Recording
    readonly unknownSession: Recording
    /** Ended by a signal while a tool ran, or the model was asked. */
    readonly stopped: Recording
    readonly others: readonly Recording[]
  }
  /** The call in `tool`; null where the agent tells none. */
  readonly call: {
    readonly name: string
    readonly input: RegExp | null
    readonly output: RegExp | null
  } | null
  /** A line as the agent writes it that nobody knows yet. */
  readonly unknownEvent: string
  /** The very argv of a task that asks for nothing but a prompt, without the program. */
  readonly plainArguments: (task: AgentTask) => readonly string[]
  readonly model: { readonly name: string; readonly words: readonly string[] }
  readonly session: {
    readonly id: string
    readonly words: readonly string[]
    readonly others: readonly string[]
  }
  /** Where the system prompt of a task is to be found. */
  readonly systemIn: (task: AgentTask) => string | undefined
  readonly runs: readonly (readonly string[])[]
  readonly bystanders: readonly (readonly string[])[]
  readonly version: { readonly output: string; readonly version: string }
  readonly logins: readonly {
    readonly output: string
    readonly status: number
    readonly isLoggedIn: boolean | null
  }[]
  readonly models: { readonly output: string; readonly models: readonly string[] }
  /** Makes the agent's own file of a session in a home, and tells the environment that leads there; null: nobody knows it. */
  readonly makeSession: ((home: string, id: string) => NodeJS.ProcessEnv) | null
}

/** A task that asks for nothing but a prompt. */
export const PLAIN_TASK: AgentTask = {
  binary: '/opt/an agent/bin/program',
  workspace: '/srv/a repo',
  prompt: 'Mend the tests.',
  runId: '0123456789abcdef',
  dir: '/run/looper/0123456789abcdef',
  model: null,
  system: null,
  session: null,
  args: [],
}

/** All recordings of an agent. */
export const recordingsOf = ({ recordings: { others, ...named } }: AgentCase): readonly Recording[] => [
  ...Object.values(named),
  ...others,
]
