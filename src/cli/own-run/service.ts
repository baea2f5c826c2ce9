import { COOKIE } from '../../processes/table.ts'
import type { LocalContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { findService, type ServiceAddress } from '../service-address.ts'

/** Whether this is a process of a run. */
export const isInRun = (env: NodeJS.ProcessEnv): boolean => Boolean(env[COOKIE])

/**
 * The service of the run that this is a process of, with the run's own token, and no other: what a person may do is not for
 * the agent. @param what is done there, as the user wrote it
 * @throws {Failure} outside of a run, and inside one without tools
 */
export function ownService({ world: { env, dotEnv }, options }: LocalContext, what: string): ServiceAddress {
  if (!isInRun(env)) {
    const text = `"${what}" is for the agent inside a run of Looper, and this is none`
    throw new Failure(
      EXIT.usage,
      text,
      'Outside of runs there are "looper asks", "looper answer" and "looper claims".',
    )
  }
  const token = env.LOOPER_RUN_TOKEN
  if (token && /^[ -~]+$/.test(token)) return { ...findService(options.url, env, dotEnv), token }
  throw new Failure(
    EXIT.unauthorized,
    `this is inside a run of Looper, which has no token for "${what}"`,
    'An agent in a run has the tools that Looper gives it with LOOPER_AGENT_TOOLS=1.',
  )
}
