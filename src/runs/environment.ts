import path from 'node:path'
import { SECRET_NAMES } from '../settings.ts'

/**
 * The environment an agent gets: the service's own, without secrets of Looper and Zulip, and without what npm put into it
 * to run the service. Otherwise the agent's `node` and `codex` would be the ones that Looper pins for itself.
 * @param secret further names to be kept from it; @param pass names that it gets all the same
 */
export function agentEnvironment(
  env: NodeJS.ProcessEnv,
  projectDir: string,
  { secret, pass }: { readonly secret: readonly string[]; readonly pass: readonly string[] },
): NodeJS.ProcessEnv {
  const isKept = (name: string) => {
    if (pass.includes(name)) return true
    if (/^npm_/i.test(name) || name === 'INIT_CWD') return false
    return !/^ZULIP/.test(name) && !SECRET_NAMES.test(name) && !secret.includes(name)
  }
  const kept = Object.entries(env).filter(([name]) => isKept(name))
  const agents = Object.fromEntries(kept)
  // An empty PATH would not be the same as none: shells have a default.
  if (env.PATH === undefined) return agents
  const directories = env.PATH.split(path.delimiter).filter((dir) => !isNpms(dir, projectDir))
  return { ...agents, PATH: directories.join(path.delimiter) }
}

/** npm adds the `node_modules/.bin` of the project and of every folder above it, and its own node-gyp-bin. */
function isNpms(dir: string, projectDir: string): boolean {
  if (path.basename(dir) === 'node-gyp-bin') return true
  if (!dir.endsWith(path.join('node_modules', '.bin'))) return false
  const owner = path.resolve(dir, '../..')
  return projectDir === owner || projectDir.startsWith(owner === '/' ? owner : owner + path.sep)
}
