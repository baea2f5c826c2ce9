import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import type { Agent } from '../agents/agent.ts'
import { type Probe, probe } from '../agents/probe.ts'
import { errnoOf, messageOf } from '../base/errors.ts'
import { broken, type Finding, ok, warning } from '../base/finding.ts'
import type { Config } from '../config.ts'
import { isOwnVariable } from '../own-variables.ts'
import { INIT_REMEDY, initWarnings } from '../processes/init.ts'
import { linuxTable } from '../processes/linux.ts'
import { portableTable } from '../processes/portable.ts'
import type { ProcessTable } from '../processes/table.ts'
import { agentEnvironment } from '../runs/environment.ts'
import { withoutNpm } from '../runs/npm-environment.ts'
import { followSecrets } from '../secrets.ts'
import type { Places } from '../settings/part.ts'

/**
 * Whether the programs of agents are there, which version they are, and whether they are logged in: that of whoever names none,
 * those of the settings, and others that are installed.
 */
export async function checkAgents(
  config: Config,
  env: NodeJS.ProcessEnv,
  places: Places,
): Promise<Finding[]> {
  const { all, standard } = config.agents
  const tried = environmentToTry(config, env, places.projectDir)
  const found = await Promise.all(
    all.map(async (agent) => ({
      agent,
      found: await probe(agent, { ...places, searchPath: env.PATH }, tried),
    })),
  )
  return found
    .filter(({ agent, found }) => agent === standard || isConfigured(agent) || found.program !== null)
    .map(({ agent, found }) => findingOf(agent, found, agent === standard))
}

const isConfigured = ({ program, model, args }: Agent) =>
  program.configured !== null || model !== null || args.length > 0

function findingOf({ name, installRemedy }: Agent, found: Probe, isStandard: boolean): Finding {
  const { problem, version, program, isLoggedIn } = found
  // Only whoever names it is refused.
  if (problem !== null) return (isStandard ? broken : warning)(name, problem, installRemedy)
  const text = `${version ?? 'unknown version'}, ${program}`
  if (isLoggedIn === null) return ok(name, text)
  if (isLoggedIn) return ok(name, `${text}, logged in`)
  const remedy = `Log in to ${name} as the user of the service, unless your model provider needs no login.`
  return warning(name, `${text}, not logged in`, remedy)
}

/** What an agent would get, without anything that is secret; nearly nothing where nobody can say what is. */
function environmentToTry(config: Config, env: NodeJS.ProcessEnv, projectDir: string): NodeJS.ProcessEnv {
  try {
    const secret = followSecrets(config, env).variables()
    return agentEnvironment(withoutNpm(env, null, projectDir), { isOwn: isOwnVariable, secret, pass: [] })
  } catch {
    return { PATH: env.PATH, HOME: env.HOME }
  }
}

/** Whether the service could listen where it should; null where something listens there already. */
export async function checkPort({ http: { host, port } }: Config): Promise<Finding | null> {
  const server = createServer()
  const error = await new Promise<unknown>((resolve) => {
    server.once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(null)))
  })
  if (error === null) return ok('port', `${host}:${port} is free; "looper serve" starts the service there`)
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return null
    case 'EADDRNOTAVAIL':
      return broken('port', `this machine has no address ${host}`, 'Set LOOPER_HOST.')
    default:
      return broken('port', messageOf(error), 'Set LOOPER_HOST and LOOPER_PORT.')
  }
}

/** Whether processes can be seen, and marked. */
export async function checkProcesses(
  platform: NodeJS.Platform,
  table: ProcessTable = platform === 'linux' ? linuxTable() : portableTable(),
): Promise<Finding> {
  const source = table.kind === 'proc' ? '/proc' : 'ps'
  try {
    const blindness = await table.check()
    if (blindness !== null)
      return warning('processes', blindness, 'Mount /proc that way, or run Looper as root.')
    if (table.kind === 'ps' || (await canMark())) return ok('processes', source)
    const text = `${source}, but no prlimit: a daemon that hides its environment is not found when its run ends`
    return warning('processes', text, 'Install util-linux, and set no hard limit for RLIMIT_RTTIME.')
  } catch (error) {
    return broken(
      'processes',
      messageOf(error),
      `Make ${source} work: without it Looper cannot see what to stop.`,
    )
  }
}

/** As the wrapper of a run tries it. */
async function canMark(): Promise<boolean> {
  const env = { PATH: process.env.PATH }
  return promisify(execFile)('prlimit', [`--rttime=${2n ** 62n}:`, 'true'], { env }).then(
    () => true,
    () => false,
  )
}

/** Whether dead processes would pile up; nothing where all is well. */
export function checkInit(first: string): Finding[] {
  return initWarnings(first).map((text) => warning('init', text, INIT_REMEDY))
}
