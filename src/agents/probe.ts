import { spawn } from 'node:child_process'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
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
  /** The long options that its help lists; empty where it was not asked. */
  readonly options: readonly string[]
  /** What is wrong with it, as a sentence without an end; the agent's `installRemedy` says what to do. */
  readonly problem: string | null
}

const NOTHING_KNOWN = { version: null, isLoggedIn: null, models: [], options: [] } as const

/** Some agents load half a gigabyte before they say a word. */
const LIMIT_MS = 15_000
const MOST_BYTES = 1_048_576
/** What was written before the end is surely read by then. */
const LAST_OUTPUT_MS = 200

/**
 * Asks an agent's program about itself: its version, whether it is logged in, its models and options. Nothing
 * of it is left running.
 * @param env the environment that its runs would get
 */
export async function probe(agent: Agent, places: ProgramPlaces, env: NodeJS.ProcessEnv): Promise<Probe> {
  let program: string
  try {
    program = resolveBinary(null, { ...places, ...agent.program }).path
  } catch (error) {
    return { ...NOTHING_KNOWN, program: null, problem: messageOf(error) }
  }
  const { version, login, models, help } = agent.probe
  const asked = async (args: readonly string[] | null) =>
    args === null ? UNASKED : ask(program, args, env).catch(() => UNASKED)
  const told = await asked(version)
  if (version !== null && told.status !== 0)
    return { ...NOTHING_KNOWN, program, problem: `${program} ${version.join(' ')} failed` }
  const [state, list, options] = await Promise.all([asked(login), asked(models), asked(help)])
  return {
    program,
    version: agent.versionOf(told.output),
    isLoggedIn: state.status === null ? null : agent.isLoggedIn(state.output, state.status),
    models: list.status === 0 ? agent.modelsOf(list.output) : [],
    options: agent.optionsKnown(options.output),
    problem: null,
  }
}

interface Told {
  readonly output: string
  /** Null where it was killed, or not started. */
  readonly status: number | null
}

/** It could not be asked, or was not. */
const UNASKED: Told = { output: '', status: null }

/** What a program prints; it is killed with its group where it takes too long or prints without end. */
async function ask(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Told> {
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const over = new AbortController()
  let status: number | null = null
  child.once('exit', (code) => {
    status = code
    over.abort()
  })
  child.once('error', () => over.abort())
  // Once it has ended, its number may be somebody else's.
  const kill = () => {
    if (!over.signal.aborted && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  const timer = setTimeout(kill, LIMIT_MS)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > MOST_BYTES) kill()
    })
  }
  await new Promise((resolve) => over.signal.addEventListener('abort', resolve, { once: true }))
  clearTimeout(timer)
  // What it left behind may hold its output open; what it said itself is there by then.
  await Promise.race([
    Promise.all([child.stdout, child.stderr].map((stream) => finished(stream).catch(() => undefined))),
    sleep(LAST_OUTPUT_MS),
  ])
  child.stdout.destroy()
  child.stderr.destroy()
  return { output, status }
}
