import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import { webhookVersion } from './report.ts'

/** A server in a process of its own. */
export interface Server {
  readonly url: string
  /** Its memory now. */
  rssMb(): number
  /** The same without what other processes have, too. */
  pssMb(): number
  /** Seconds of CPU that it has used. */
  cpuSeconds(): number
  /** Resolves when it is gone. */
  stop(): Promise<void>
}

const PROJECT = path.resolve(import.meta.dirname, '../..')

/** Starts Looper as `npm start` does, on a port of its own, with its files in the bench's directory. */
export async function startLooper(bench: Bench, settings: NodeJS.ProcessEnv = {}): Promise<Server> {
  const child = bench.spawn(process.execPath, [path.join(PROJECT, 'src/start.js')], {
    LOOPER_PORT: '0',
    LOOPER_STOP_SCOPE: 'own',
    LOOPER_WORKSPACE_ROOTS: '/',
    CODEX_EXEC_LOG_DIR: path.join(bench.dir, 'logs'),
    CODEX_EXEC_DELAY_SECONDS: '0',
    CODEX_EXEC_STARTUP_CHECK_SECONDS: '0',
    ...settings,
  })
  return serverOf(child, await told(child, /listens on (\S+)\n/))
}

/**
 * Starts Debian's `webhook` with one hook, `/hooks/run`, and with its log in a file, as Looper has one. Returns its URL; null, which
 * the bench tells, where it is not installed.
 */
export async function startWebhook(bench: Bench, hook: object): Promise<string | null> {
  if (webhookVersion() === null) {
    bench.tell('Left out: webhook, which is not installed.')
    return null
  }
  const hooks = path.join(bench.dir, 'hooks.json')
  writeFileSync(hooks, JSON.stringify([{ id: 'run', ...hook }]))
  const port = await freePort()
  const log = path.join(bench.dir, 'webhook.log')
  const args = ['-hooks', hooks, '-ip', '127.0.0.1', '-port', String(port), '-verbose', '-logfile', log]
  const ended = once(bench.spawn('webhook', args), 'exit')
  const url = `http://127.0.0.1:${port}`
  const isUp = () =>
    fetch(url).then(
      () => true,
      () => false,
    )
  while (!(await isUp())) {
    const isOver = await Promise.race([ended.then(() => true), setTimeout(20, false)])
    if (isOver) throw new Error(`webhook ended: ${readFileSync(log, 'utf8')}`)
  }
  return url
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** Starts a Fastify app that has nothing but `/health`, and keeps compiled code as Looper does. */
export async function startBare(bench: Bench): Promise<Server> {
  const cache = path.join(bench.dir, 'bare-cache')
  const child = bench.spawn(process.execPath, [path.join(import.meta.dirname, 'bare.js'), cache])
  return serverOf(child, await told(child, /listens on (\S+)\n/))
}

function serverOf(child: ChildProcess, url: string): Server {
  const read = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, 'utf8')
  return {
    url,
    rssMb: () => Number(/VmRSS:\s+(\d+) kB/.exec(read('status'))?.[1]) / 1024,
    pssMb: () => Number(/^Pss:\s+(\d+) kB/m.exec(read('smaps_rollup'))?.[1]) / 1024,
    // A tick is a hundredth of a second on every Linux that Node runs on.
    cpuSeconds: () => {
      const fields = read('stat').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    },
  }
}

/** What a process says of itself, once it says it. Rejects where it ends before. */
export function told(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    let found: RegExpExecArray | null = null
    const look = (chunk: Buffer) => {
      // Its words cost the bench nothing any more, however many there are.
      if (found) return
      output += chunk
      found = pattern.exec(output)
      if (found) resolve(found[1] ?? '')
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)))
  })
}

/** Posts JSON and returns the answer's. @throws {Error} with the answer where it is no 200 */
export async function post(url: string, body: object) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await response.text()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${answer}`)
  return answer === '' ? null : JSON.parse(answer)
}

/** Writes a program that stands for the agent. */
export function writeAgent(bench: Bench, text: string): string {
  const file = path.join(bench.dir, 'codex')
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}
