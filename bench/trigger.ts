import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  read,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { report } from './measure.ts'

/**
 * From sending the request to the agent's first instruction: Looper (a notice to a loopback Zulip, the search for stale
 * agents, the launch) beside Debian's `webhook`, which only starts a command. Both start the same one, in turn.
 *
 * usage: node bench/trigger.ts [processes on the machine] [rounds] [own|machine]
 */

const PROCESSES = Number(process.argv[2] ?? 150)
const ROUNDS = Number(process.argv[3] ?? 100)
const PROJECT = path.resolve(import.meta.dirname, '..')

const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-bench-'))
const children: ChildProcess[] = []

/** The search over the whole machine belongs to what is measured, but would stop whatever agent somebody starts meanwhile. */
const scope = process.argv[4] ?? 'own'

/** A program that says it began before it does anything else. */
const fifo = path.join(dir, 'began')
execFileSync('mkfifo', [fifo])
const agent = path.join(dir, 'codex')
writeFileSync(agent, `#!/bin/sh\necho >${fifo}\n`)
chmodSync(agent, 0o755)
const began = openSync(fifo, 'r+')

function nextBegin(): Promise<number> {
  return new Promise((resolve, reject) => {
    read(began, Buffer.alloc(1), 0, 1, null, (error) => (error ? reject(error) : resolve(performance.now())))
  })
}

async function listening(child: ChildProcess, pattern: RegExp): Promise<string> {
  children.push(child)
  return new Promise((resolve, reject) => {
    let output = ''
    const look = (chunk: Buffer) => {
      output += chunk
      const found = pattern.exec(output)
      if (found) resolve(found[1] ?? '')
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)))
  })
}

async function startLooper(zulip: Awaited<ReturnType<typeof startLoopbackZulip>>): Promise<string> {
  const child = spawn(process.execPath, [path.join(PROJECT, 'src/start.js')], {
    env: {
      PATH: process.env.PATH,
      HOME: dir,
      LOOPER_PORT: '0',
      LOOPER_STOP_SCOPE: scope,
      CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'),
      CODEX_EXEC_BINARY: agent,
      CODEX_EXEC_DELAY_SECONDS: '0',
      CODEX_EXEC_STARTUP_CHECK_SECONDS: '0',
      ZULIP_SITE: zulip.url,
      ZULIP_BOT_EMAIL: zulip.account.email,
      ZULIP_BOT_API_KEY: zulip.account.key,
    },
  })
  return `${await listening(child, /listens on (\S+)\n/)}/run`
}

async function startWebhook(): Promise<string | null> {
  const hooks = path.join(dir, 'hooks.json')
  writeFileSync(
    hooks,
    JSON.stringify([{ id: 'run', 'execute-command': agent, 'command-working-directory': dir }]),
  )
  const port = await freePort()
  const args = ['-hooks', hooks, '-ip', '127.0.0.1', '-port', String(port), '-verbose']
  try {
    await listening(spawn('webhook', args), /(serving hooks)/)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  return `http://127.0.0.1:${port}/hooks/run`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

async function once(url: string): Promise<number> {
  const begin = nextBegin()
  const sent = performance.now()
  const answer = fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ zulip_message: 'bench', codex_prompt: 'x', workspace: dir }),
  })
  const ms = (await begin) - sent
  const response = await answer
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  await response.text()
  return ms
}

/** Looper still sweeps when the agent has ended; the next round waits for that. */
async function settled(): Promise<void> {
  const states = path.join(dir, 'logs/.runs')
  while (existsSync(states) && readdirSync(states).length > 0) await setTimeout(1)
}

const countProcesses = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length

const zulip = await startLoopbackZulip()
try {
  const peers = new Map<string, string>([['looper', await startLooper(zulip)]])
  const webhook = await startWebhook()
  if (webhook) peers.set('webhook', webhook)
  else console.log('webhook is not installed; it is left out')
  while (countProcesses() < PROCESSES) children.push(spawn('sleep', ['3600'], { stdio: 'ignore' }))

  const series = [...peers].map(([name, url]) => ({ name, url, values: [] as number[] }))
  for (let round = -10; round < ROUNDS; round++) {
    for (const { url, values } of series) {
      const ms = await once(url)
      await settled()
      if (round >= 0) values.push(ms)
    }
  }
  report(`Trigger to first instruction, ${countProcesses()} processes, stop scope ${scope}`, series)
} finally {
  for (const child of children) child.kill()
  await zulip.close()
  closeSync(began)
  rmSync(dir, { recursive: true, force: true })
}
