import path from 'node:path'

/**
 * The environment an agent gets: the service's own, without what npm put into it to run the service. Otherwise the
 * agent's `node` and `codex` would be the ones that Looper pins for itself.
 */
export function agentEnvironment(env: NodeJS.ProcessEnv, projectDir: string): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^npm_/i.test(name) && name !== 'INIT_CWD')
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
