import { messageOf } from '../base/errors.ts'
import { broken, type Finding, ok, warning } from '../base/finding.ts'
import { checkDisk, checkFiles, checkNames, checkWorkspace } from '../checks.ts'
import { type Config, loadConfig } from '../config.ts'
import type { CapState } from '../disk/status.ts'
import { firstProcess } from '../processes/init.ts'
import { ConfigError } from '../settings/config-error.ts'
import { tellOfDotEnv } from '../settings/dot-env.ts'
import { checkAgents, checkInit, checkPort, checkProcesses } from './checks.ts'
import { connect } from './client.ts'
import { EXIT, Failure } from './failure.ts'
import { localUrl } from './service-address.ts'
import type { Surroundings } from './world.ts'

/** What `looper doctor` checks on a Node on which the service runs, one after the other. Changes nothing. */
export async function* examineService(world: Surroundings): AsyncGenerator<Finding> {
  let env: NodeJS.ProcessEnv
  let config: Config
  try {
    env = { ...world.dotEnv, ...world.env }
    config = loadConfig(env, world, tellOfDotEnv(world.projectDir))
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [messageOf(error)]
    for (const problem of problems) yield broken('settings', problem, 'Fix it where it is set.')
    return
  }
  yield ok('settings', 'all valid')
  const misspelt = checkNames(config)
  yield* misspelt
  const known = misspelt.map(({ text }) => text)
  for (const text of config.warnings.filter((one) => !known.includes(one)))
    yield warning('settings', text, 'Change it, unless it is intended.')
  yield* await checkFiles(config, env)
  yield* await checkAgents(config, env, world)
  yield checkWorkspace(config)
  yield await config.notice.probe(env, world.interrupted)
  const free = await checkPort(config)
  if (free) yield free
  else yield* await checkService(config, env, world.interrupted)
  yield* checkDisk(config)
  yield await checkProcesses(world.platform)
  yield* checkInit(firstProcess())
}

/** What the service tells; one that is older than this command has no cap. */
interface Told {
  readonly version: string
  readonly disk_cap?: CapState | null
}

/** Whether what runs left can be kept below the cap, as far as the service has measured it. */
function checkCap({ cap_mb, used_mb, kept_mb }: CapState): Finding[] {
  if (cap_mb === null || kept_mb === null) return []
  if (kept_mb <= cap_mb) return [ok('cap', `${used_mb} MB of at most ${cap_mb} MB`)]
  const remedy = 'Raise LOOPER_DISK_CAP_MB, or lower LOOPER_RESUMABLE_DAYS; "looper disk" shows what stays.'
  return [warning('cap', `${kept_mb} MB have to stay, and the cap is ${cap_mb} MB`, remedy)]
}

/** Whether it is Looper that listens on the port, with these settings, and whether it can keep its cap. */
async function checkService(
  { http: { host, port, token } }: Config,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding[]> {
  const url = localUrl(host, port)
  try {
    const service = connect({ url, token }, env, signal)
    const { version, disk_cap } = await service.get<Told>('/status', ['version'])
    return [ok('port', `Looper ${version} answers at ${url}`), ...(disk_cap ? checkCap(disk_cap) : [])]
  } catch (error) {
    if (!(error instanceof Failure) || signal.aborted) throw error
    if (error.exit === EXIT.unreachable) {
      const remedy = 'Stop the program that listens there, or set LOOPER_PORT.'
      return [broken('port', `${host}:${port} is taken: ${error.message}`, remedy)]
    }
    // The tokens file holds no token that could be shown to it.
    if (error.exit === EXIT.unauthorized && token === null) return [ok('port', `Looper answers at ${url}`)]
    return [broken('port', `Looper at ${url} says: ${error.message}`, 'Restart it with these settings.')]
  }
}
