import { messageOf } from '../base/errors.ts'
import type { Agent } from './agent.ts'
import { ask, type Told } from './ask.ts'
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
    args === null ? UNASKED : ask(program, args, env, AbortSignal.timeout(LIMIT_MS)).catch(() => UNASKED)
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

/** It could not be asked, or was not. */
const UNASKED: Told = { output: '', status: null }
