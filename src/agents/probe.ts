import { spawn } from 'node:child_process'
import { messageOf } from '../base/errors.ts'
import type { Agent } from './agent.ts'
import { type ProgramPlaces, resolveBinary } from './binary.ts'

/** What can be told of an agent without asking a model. */
export interface Probe {
  /** Where its program is; null where there is none. */
  readonly program: string | null
  readonly version: string | null
  /** Null where nobody can say. */
  readonly isLoggedIn: boolean | null
  /** Those that it lists; empty where it lists none. */
  readonly models: readonly string[]
  /** What is wrong with it, in a sentence. */
  readonly problem: string | null
}

/** Some agents load half a gigabyte before they say a word. */
const LIMIT_MS = 15_000
const MOST_BYTES = 1_048_576

/**
 * Asks an agent's program about itself: its version, whether it is logged in, and its models. Nothing of it is left running.
 * @param env the environment that its runs would get
 */
export async function probe(agent: Agent, places: ProgramPlaces, env: NodeJS.ProcessEnv): Promise<Probe> {
  let program: string
  try {
    program = resolveBinary(null, { ...places, ...agent.program }).path
  } catch (error) {
    const problem = `${messageOf(error)}. ${agent.installRemedy}`
    return { program: null, version: null, isLoggedIn: null, models: [], problem }
  }
  const { version, models } = agent.probe
  const told = await ask(program, version, env)
  if (told.status !== 0) {
    const problem = `${program} ${version.join(' ')} failed. ${agent.installRemedy}`
    return { program, version: null, isLoggedIn: null, models: [], problem }
  }
  const [login, list] = await Promise.all([
    isLoggedIn(agent, program, env),
    models === null ? null : ask(program, models, env),
  ])
  return {
    program,
    version: agent.versionOf(told.output),
    isLoggedIn: login,
    models: list?.status === 0 ? agent.modelsOf(list.output) : [],
    problem: null,
  }
}

/** Asks an agent's program whether it is logged in; null where nobody can say. Nothing of it is left running. */
export async function isLoggedIn(
  agent: Pick<Agent, 'probe' | 'isLoggedIn'>,
  program: string,
  env: NodeJS.ProcessEnv,
): Promise<boolean | null> {
  const { login } = agent.probe
  if (login === null) return null
  const { output, status } = await ask(program, login, env)
  return status === null ? null : agent.isLoggedIn(output, status)
}

interface Told {
  readonly output: string
  /** Null where it was killed, or not started. */
  readonly status: number | null
}

/** What a program prints; it is killed with its group where it takes too long or prints without end. */
async function ask(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Told> {
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  const timer = setTimeout(kill, LIMIT_MS)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > MOST_BYTES) kill()
    })
  }
  const status = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  clearTimeout(timer)
  kill()
  return { output, status }
}
