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

/** The models of an agent that can be told of without asking one. */
export interface ListedModels {
  /** Null where nobody can say. */
  readonly isLoggedIn: boolean | null
  /** Empty where it lists none, or cannot be asked. */
  readonly models: readonly string[]
}

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
    program = programOf(agent, places)
  } catch (error) {
    return { ...NOTHING_KNOWN, program: null, problem: messageOf(error) }
  }
  const { version, help } = agent.probe
  const told = await asked(program, version, env)
  if (version !== null && told.status !== 0)
    return { ...NOTHING_KNOWN, program, problem: `${program} ${version.join(' ')} failed` }
  const [listed, options] = await Promise.all([listing(agent, program, env), asked(program, help, env)])
  return {
    program,
    version: agent.versionOf(told.output),
    ...listed,
    options: agent.optionsKnown(options.output),
    problem: null,
  }
}

/** Asks an agent's program for its models, and whether it is logged in. Never rejects. @param env like that of {@link probe} */
export async function listModels(
  agent: Agent,
  places: ProgramPlaces,
  env: NodeJS.ProcessEnv,
): Promise<ListedModels> {
  try {
    return await listing(agent, programOf(agent, places), env)
  } catch {
    return NOTHING_KNOWN
  }
}

const programOf = ({ program }: Agent, places: ProgramPlaces) =>
  resolveBinary(null, { ...places, ...program }).path

async function listing(agent: Agent, program: string, env: NodeJS.ProcessEnv): Promise<ListedModels> {
  const { login, models } = agent.probe
  const [state, list] = await Promise.all([asked(program, login, env), asked(program, models, env)])
  return {
    isLoggedIn: state.status === null ? null : agent.isLoggedIn(state.output, state.status),
    models: list.status === 0 ? agent.modelsOf(list.output) : [],
  }
}

async function asked(program: string, args: readonly string[] | null, env: NodeJS.ProcessEnv): Promise<Told> {
  return args === null ? UNASKED : ask(program, args, env, AbortSignal.timeout(LIMIT_MS)).catch(() => UNASKED)
}

/** It could not be asked, or was not. */
const UNASKED: Told = { output: '', status: null }
