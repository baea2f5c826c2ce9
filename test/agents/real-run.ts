import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { AgentCore, AgentTask } from '../../src/agents/agent-core.ts'
import type { AgentEvent } from '../../src/agents/agent-events.ts'
import { ended, NOTHING_SAID, type Said, said } from '../../src/agents/said.ts'

/** How a real agent is run here: its program, and an environment that leads to the loopback model alone. */
export interface RealAgent {
  readonly agent: AgentCore
  readonly binary: string
  readonly env: NodeJS.ProcessEnv
  readonly workspace: string
  /** The model to ask for where nothing else is said. */
  readonly model: string | null
}

/** How a run ended, and what it said. */
export interface RealRun {
  readonly status: number | null
  readonly said: Said
  readonly events: readonly AgentEvent[]
  readonly output: string
}

let count = 0

/**
 * Runs a real agent once, as a launch does it, and reads all it says.
 * @param started gets its process group, to stop it
 */
export async function runReal(
  real: RealAgent,
  changes: Partial<AgentTask>,
  started: (group: number) => void = () => undefined,
): Promise<RealRun> {
  const { agent, binary, workspace, model } = real
  count++
  const dir = path.join(path.dirname(workspace), `run-${count}`)
  mkdirSync(dir, { mode: 0o700 })
  const asked = { binary, workspace, prompt: 'ECHO: Hello.', runId: `run-${count}`, dir, model, args: [] }
  const task: AgentTask = { system: null, session: null, ...asked, ...changes }
  const refusal = agent.refusalOf(task)
  if (refusal !== null) throw new Error(refusal)
  const { argv, stdin, env, files } = agent.command(task)
  for (const [file, content] of Object.entries(files)) writeFileSync(file, content, { mode: 0o600 })
  const [program = '', ...args] = argv
  const log = path.join(dir, 'agent.log')
  const fd = openSync(log, 'a')
  // A file, as at a launch: it ends, whether or not the program reads it.
  const input = path.join(dir, 'stdin')
  if (stdin !== null) writeFileSync(input, stdin)
  const stdinFd = openSync(stdin === null ? '/dev/null' : input, 'r')
  const child = spawn(program, args, {
    cwd: workspace,
    detached: true,
    env: environment({ ...real.env, ...env }),
    stdio: [stdinFd, fd, fd],
  })
  for (const own of [fd, stdinFd]) closeSync(own)
  if (child.pid !== undefined) started(child.pid)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
  const output = readFileSync(log)
  const reader = agent.read()
  const events = [...reader.push(output), ...reader.end()]
  const so = events.reduce((so, event) => said(so, event), NOTHING_SAID)
  return { status, said: ended(so, status), events, output: String(output) }
}

const environment = (env: Readonly<Record<string, string | null | undefined>>): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
