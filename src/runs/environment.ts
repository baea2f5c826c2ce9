import { SECRET_NAMES } from '../settings/names.ts'

/**
 * The environment an agent gets: its owner's, without secrets of Looper and of what it tells people with.
 * @param isOwn whether a variable is of a plug-in; @param secret further names to be kept from it; @param pass names that it
 * gets all the same
 */
export function agentEnvironment(
  env: NodeJS.ProcessEnv,
  {
    isOwn,
    secret,
    pass,
  }: {
    readonly isOwn: (name: string) => boolean
    readonly secret: readonly string[]
    readonly pass: readonly string[]
  },
): NodeJS.ProcessEnv {
  const isKept = (name: string) =>
    pass.includes(name) || (!isOwn(name) && !SECRET_NAMES.test(name) && !secret.includes(name))
  return Object.fromEntries(Object.entries(env).filter(([name]) => isKept(name)))
}
