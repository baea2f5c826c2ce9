import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { resolveBinary } from '../agents/binary.ts'
import type { Config, Places } from '../config.ts'
import { freeMb } from '../disk.ts'
import { errnoOf, messageOf } from '../errors.ts'
import { isFile } from '../files.ts'
import { createTokenCheck } from '../http/tokens.ts'
import { describeRoute } from '../notices/zulip.ts'
import { openZulip } from '../notices/zulip-client.ts'
import { findCredentials } from '../notices/zuliprc.ts'
import { linuxTable } from '../processes/linux.ts'
import { portableTable } from '../processes/portable.ts'
import type { ProcessTable } from '../processes/table.ts'
import { readDefaultPrompt } from '../runs/prompt.ts'
import { followSecrets } from '../secrets.ts'

/** What was found out about one thing. */
export interface Finding {
  readonly check: string
  /** `warning`: it works, with a limit that one should know. */
  readonly state: 'ok' | 'warning' | 'broken'
  readonly text: string
  /** What to do about it; null where all is well. */
  readonly remedy: string | null
}

const VERSION_MS = 10_000
/** Where the sources run. */
const NEEDED_NODE = [24, 2] as const

export const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text, remedy: null })
export const warning = (check: string, text: string, remedy: string): Finding => ({
  check,
  state: 'warning',
  text,
  remedy,
})
export const broken = (check: string, text: string, remedy: string): Finding => ({
  check,
  state: 'broken',
  text,
  remedy,
})

/** Whether the service runs on this Node. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])
  return isEnough
    ? ok('node', version)
    : broken(
        'node',
        `${version} is too old for the service, and the other checks need it, too`,
        `Use Node ${NEEDED_NODE.join('.')} or newer; in a checkout "npx looper doctor" brings its own.`,
      )
}

/** Whether the files that the settings name can be used: the default prompt, tokens, hooks. */
export async function checkFiles(config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const found: Finding[] = []
  const { tokensFile, hooksFile } = config.http
  const { prompt } = config.launch
  const attempt = async (check: string, text: string, remedy: string, work: () => unknown) => {
    try {
      await work()
      found.push(ok(check, text))
    } catch (error) {
      found.push(broken(check, messageOf(error), remedy))
    }
  }
  if (prompt.kind === 'file') {
    const remedy = 'Mend the file of LOOPER_DEFAULT_PROMPT_FILE.'
    await attempt('prompt', prompt.path, remedy, () => readDefaultPrompt(prompt))
  }
  if (tokensFile !== null) {
    await attempt('tokens', tokensFile, 'Mend the file of LOOPER_TOKENS_FILE.', () =>
      createTokenCheck(
        null,
        tokensFile,
        () => 0,
        () => undefined,
      ),
    )
  }
  if (hooksFile !== null) {
    await attempt('hooks', hooksFile, 'Mend the file of LOOPER_HOOKS_FILE.', () => followSecrets(config, env))
  }
  return found
}

/** Whether the agent's program is there, and which version it is. */
export async function checkAgent(config: Config, env: NodeJS.ProcessEnv, places: Places): Promise<Finding> {
  const remedy = 'Install codex, or name it with CODEX_EXEC_BINARY.'
  let file: string
  try {
    file = resolveBinary(null, { ...places, searchPath: env.PATH, configured: config.launch.binary }).path
  } catch (error) {
    return broken('codex', messageOf(error), remedy)
  }
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { env, timeout: VERSION_MS })
    return ok('codex', `${stdout.trim()}, ${file}`)
  } catch (error) {
    return broken('codex', `${file} --version failed: ${messageOf(error)}`, remedy)
  }
}

/** Whether Zulip can be reached, and knows the bot. Nothing is sent. */
export async function checkZulip({ zulip }: Config, signal: AbortSignal): Promise<Finding> {
  const remedy = 'Mend ZULIP_SITE, ZULIP_BOT_EMAIL and ZULIP_BOT_API_KEY, or the zuliprc file.'
  try {
    const found = findCredentials(zulip)
    switch (found.kind) {
      case 'none':
        return zulip.required
          ? broken('zulip', 'no credentials, and LOOPER_ZULIP_REQUIRED is on', remedy)
          : warning(
              'zulip',
              'no credentials: notices go to the server log only',
              'Set ZULIP_SITE, ZULIP_BOT_EMAIL and ZULIP_BOT_API_KEY, if you want them in Zulip.',
            )
      case 'incomplete':
        return broken('zulip', found.missing.map((name) => `Missing ${name}`).join(', '), remedy)
      case 'ready': {
        const me = await (await openZulip(found.account, signal)).me()
        return ok('zulip', `${me.full_name} at ${found.account.site}, ${describeRoute(zulip)}`)
      }
    }
  } catch (error) {
    return broken('zulip', messageOf(error), remedy)
  }
}

/** Whether the service could listen where it should; null where something listens there already. */
export async function checkPort({ http: { host, port } }: Config): Promise<Finding | null> {
  const server = createServer()
  const error = await new Promise<unknown>((resolve) => {
    server.once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(null)))
  })
  if (error === null) return ok('port', `${host}:${port} is free; "npm start" starts the service there`)
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return null
    case 'EADDRNOTAVAIL':
      return broken('port', `this machine has no address ${host}`, 'Set LOOPER_HOST.')
    default:
      return broken('port', messageOf(error), 'Set LOOPER_HOST and LOOPER_PORT.')
  }
}

/** Whether run logs can be written, and have room. The directory need not be there yet. */
export function checkDisk({ log: { dir, minFreeMb } }: Config): Finding[] {
  let place = dir
  while (!existsSync(place) && place !== path.dirname(place)) place = path.dirname(place)
  try {
    if (!statSync(place).isDirectory()) throw new Error(`${place} is not a directory`)
    accessSync(place, constants.W_OK | constants.X_OK)
  } catch (error) {
    return [
      broken('logs', messageOf(error), 'Make it a directory you may write in, or set CODEX_EXEC_LOG_DIR.'),
    ]
  }
  const free = freeMb(place)
  return [
    ok('logs', dir),
    free >= minFreeMb
      ? ok('disk', `${free} MB free, ${minFreeMb} MB needed`)
      : broken(
          'disk',
          `only ${free} MB are free, and ${minFreeMb} MB are needed`,
          'Make room, or lower LOOPER_MIN_FREE_MB.',
        ),
  ]
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
      return warning('processes', blindness, 'Have /proc mounted so, or run it as root.')
    if (table.kind === 'ps' || (await canMark())) return ok('processes', source)
    const text = `${source}, but no prlimit: a daemon that hides its environment is not found when its run ends`
    return warning('processes', text, 'Install util-linux, and set no hard limit for RLIMIT_RTTIME.')
  } catch (error) {
    return broken('processes', messageOf(error), `Make ${source} work, so that Looper sees what to stop.`)
  }
}

/** As the wrapper of a run tries it. */
async function canMark(): Promise<boolean> {
  return promisify(execFile)('prlimit', [`--rttime=${2n ** 62n}:`, 'true']).then(
    () => true,
    () => false,
  )
}

/**
 * Whether codex would work in the default workspace: `codex exec` 0.169 refuses a directory that neither is nor lies in
 * a git repository, also where its own settings trust it; a `.git` file, or a `.git` directory with a HEAD, is one.
 */
export function checkWorkspace({ launch: { workspace } }: Config): Finding {
  if (workspace === null) {
    return warning(
      'workspace',
      'none: requests must name one, and the autopoll is off',
      'Set LOOPER_WORKSPACE, if you want a default.',
    )
  }
  for (let dir = workspace; ; dir = path.dirname(dir)) {
    const git = path.join(dir, '.git')
    if (isFile(git) || isFile(path.join(git, 'HEAD'))) return ok('workspace', workspace)
    if (dir === path.dirname(dir)) break
  }
  return broken(
    'workspace',
    `${workspace} is no git repository, so codex refuses to work there`,
    'Run "git init" there, or set LOOPER_WORKSPACE.',
  )
}
