import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The project's root. */
export const PROJECT = path.resolve(import.meta.dirname, '../..')

/** A service in a process of its own. */
export interface TestService {
  readonly url: string
  readonly child: ChildProcess
  readonly logDir: string
  /** Everything it printed so far. */
  output(): string
  post(body: unknown, headers?: Record<string, string>): Promise<{ status: number; body: Answer }>
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>
}

/** An answer of `POST /run`, as far as tests look at it. */
export interface Answer {
  readonly ok: boolean
  readonly error?: string
  readonly code?: string
  readonly zulip_output?: string
  readonly killed_codex_exec_pids?: readonly number[]
  readonly remaining_codex_exec_pids?: readonly number[]
  readonly codex_exec_result?: {
    readonly pid: number
    readonly log_path: string
    readonly command: string
    readonly startup_return_code: number | null
  } | null
  readonly [field: string]: unknown
}

/** Another user for the service to be; tests that need it run as root. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** These settings, and nothing of Looper's or Zulip's from the outside. */
export function serviceEnv(settings: NodeJS.ProcessEnv, user?: User): NodeJS.ProcessEnv {
  // What records coverage may not write as somebody else.
  const isForeign = user === undefined ? /^(LOOPER|ZULIP|CODEX)/ : /^(LOOPER|ZULIP|CODEX|NODE_|TAP|_TAP)/
  const inherited = Object.entries(process.env).filter(([name]) => !isForeign.test(name))
  return {
    ...Object.fromEntries(inherited),
    LOOPER_PORT: '0',
    // Workspaces of tests lie in the project, whose own repository is nobody's work.
    GIT_CEILING_DIRECTORIES: path.join(PROJECT, '.tap/fixtures'),
    // Never the runs of the person who runs the tests.
    LOOPER_STOP_SCOPE: 'own',
    ZULIPRC_PATH: '',
    // The workspaces of tests lie outside of any home.
    LOOPER_WORKSPACE_ROOTS: '/',
    CODEX_EXEC_DELAY_SECONDS: '0',
    CODEX_EXEC_STARTUP_CHECK_SECONDS: '0',
    ...settings,
  }
}

/** What a service is started as. */
export interface How {
  readonly user?: User
  /** The command that is to run it. */
  readonly prefix?: readonly string[]
}

/** Runs `src/main.ts` with these settings. */
export function spawnService(
  settings: NodeJS.ProcessEnv,
  args: readonly string[] = [path.join(PROJECT, 'src/main.ts')],
  { user, prefix = [] }: How = {},
): ChildProcess {
  const [command = process.execPath, ...rest] = [...prefix, process.execPath, ...args]
  return spawn(command, rest, {
    ...user,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: serviceEnv(settings, user),
  })
}

/** Starts a service and waits until it listens. */
export async function startTestService(
  logDir: string,
  settings: NodeJS.ProcessEnv = {},
  how: How = {},
): Promise<TestService> {
  const child = spawnService({ CODEX_EXEC_LOG_DIR: logDir, HOME: logDir, ...settings }, undefined, how)
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const found = /listens on (\S+)/.exec(output)?.[1]
      if (found) resolve(found)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}: ${output}`)))
  })
  return {
    url,
    child,
    logDir,
    output: () => output,
    async post(body, headers = {}) {
      const response = await fetch(`${url}/run`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      return { status: response.status, body: (await response.json()) as Answer }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill('SIGTERM')
      await once(child, 'exit')
      return child.exitCode
    },
  }
}

/** Resolves as soon as the condition holds; fails after the limit, saying what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The text of a file, or nothing where it is not there yet. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
