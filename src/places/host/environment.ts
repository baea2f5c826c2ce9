import { SECRET_NAMES } from '../../settings/settings.ts'

/**
 * The environment an agent gets: its owner's, without secrets of Looper and Zulip.
 * @param secret further names to be kept from it; @param pass names that it gets all the same
 */
export function agentEnvironment(
  env: NodeJS.ProcessEnv,
  { secret, pass }: { readonly secret: readonly string[]; readonly pass: readonly string[] },
): NodeJS.ProcessEnv {
  const isKept = (name: string) =>
    pass.includes(name) || (!/^ZULIP/.test(name) && !SECRET_NAMES.test(name) && !secret.includes(name))
  return Object.fromEntries(Object.entries(env).filter(([name]) => isKept(name)))
}
