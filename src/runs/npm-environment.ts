import { readFileSync } from 'node:fs'
import path from 'node:path'

/** What npm sets for a script that it runs (@npmcli/config's set-envs, @npmcli/run-script), PATH apart. */
const ITS_OWN = /^(npm_.*|INIT_CWD|NODE|COLOR|EDITOR)$/i

/**
 * An environment without what npm put into it, which is all as its owner has it: npm's own process still has that. Where that
 * cannot be seen, npm's variables go by their names, an editor or a colour only with npm's own value, and of PATH what npm adds
 * for the project. Otherwise the agent, and its `node`, would be the ones that Looper pins for itself. What was not started
 * by npm stays as it is.
 * @param npms the environment of the npm process, from {@link environmentOfNpm}
 */
export function withoutNpm(
  env: NodeJS.ProcessEnv,
  npms: NodeJS.ProcessEnv | null,
  projectDir: string,
): NodeJS.ProcessEnv {
  if (env.npm_lifecycle_event === undefined && env.npm_execpath === undefined) return env
  const others = Object.entries(env).filter(([name]) => !ITS_OWN.test(name) && name !== 'PATH')
  if (npms === null) return { ...Object.fromEntries(others), ...guessed(env, projectDir) }
  const owners = Object.entries(npms).filter(([name]) => ITS_OWN.test(name) || name === 'PATH')
  return Object.fromEntries([...others, ...owners])
}

function guessed(env: NodeJS.ProcessEnv, projectDir: string): NodeJS.ProcessEnv {
  const { PATH, EDITOR, COLOR, NODE, npm_node_execpath } = env
  const directories = PATH?.split(path.delimiter).filter((dir) => !isNpms(dir, projectDir))
  return {
    // An empty PATH would not be the same as none: shells have a default.
    ...(directories === undefined ? {} : { PATH: directories.join(path.delimiter) }),
    ...(EDITOR === undefined || EDITOR === 'vi' ? {} : { EDITOR }),
    ...(COLOR === undefined || /^[01]$/.test(COLOR) ? {} : { COLOR }),
    ...(NODE === undefined || NODE === npm_node_execpath ? {} : { NODE }),
  }
}

/** npm adds the `node_modules/.bin` of the project and of every folder above it, and its own node-gyp-bin. */
function isNpms(dir: string, projectDir: string): boolean {
  if (path.basename(dir) === 'node-gyp-bin') return true
  if (!dir.endsWith(path.join('node_modules', '.bin'))) return false
  const owner = path.resolve(dir, '../..')
  return projectDir === owner || projectDir.startsWith(owner === '/' ? owner : owner + path.sep)
}

/** The environment that the npm process above a process began with (proc(5)); null where there is none, or it cannot be seen. */
export function environmentOfNpm(env: NodeJS.ProcessEnv, parent: number): NodeJS.ProcessEnv | null {
  try {
    const found = environmentOf(parent)
    // A shell between npm and its script inherited the same.
    const isShell = found.npm_lifecycle_script === env.npm_lifecycle_script
    return isShell ? environmentOfNpm(env, parentOf(parent)) : found
  } catch {
    // It is gone, or another user's, or there is no /proc.
    return null
  }
}

function environmentOf(pid: number): NodeJS.ProcessEnv {
  const text = readFileSync(`/proc/${pid}/environ`, 'utf8')
  return Object.fromEntries(
    text.split('\0').flatMap((entry) => {
      const at = entry.indexOf('=')
      return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : []
    }),
  )
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', 2)[1])
}
