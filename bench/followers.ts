import { type ChildProcess, fork, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { machine } from './measure.ts'

/**
 * How late each line of a run's log is at each of its followers, whether all of them came, and what the followers cost
 * the service in memory: a service in a process of its own, followers in another, the agent in a third.
 *
 * usage: node bench/followers.ts [lines a second] [seconds]
 */

const RATE = Number(process.argv[2] ?? 1000)
const SECONDS = Number(process.argv[3] ?? 10)
const CROWDS = [1, 50, 200]
const LINES = RATE * SECONDS
const PROJECT = path.resolve(import.meta.dirname, '..')
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-bench-'))

/** The agent: numbered lines with the time of their writing, as soon as the file `go` is there. */
const agent = path.join(dir, 'codex')
writeFileSync(
  agent,
  `#!${process.execPath}
const { existsSync } = require('node:fs')
const now = () => (performance.timeOrigin + performance.now()).toFixed(3)
let written = 0
let begin = null
const timer = setInterval(() => {
  if (begin === null) {
    if (!existsSync('${dir}/go')) return
    begin = performance.now()
  }
  const due = Math.min(${LINES}, Math.ceil((performance.now() - begin) / 1000 * ${RATE}))
  let burst = ''
  for (; written < due; written++) burst += written + ' ' + now() + ' ' + '.'.repeat(written % 50 + 1) + '\\n'
  if (burst !== '') require('node:fs').writeSync(1, burst)
  if (written === ${LINES}) clearInterval(timer)
}, 5)
`,
)
chmodSync(agent, 0o755)

const service = spawn(process.execPath, [path.join(PROJECT, 'src/main.ts')], {
  env: {
    PATH: process.env.PATH,
    HOME: dir,
    LOOPER_PORT: '0',
    LOOPER_STOP_SCOPE: 'own',
    LOOPER_WORKSPACE_ROOTS: '/',
    LOOPER_MIRROR_OUTPUT: '0',
    CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'),
    CODEX_EXEC_BINARY: agent,
    CODEX_EXEC_DELAY_SECONDS: '0',
    CODEX_EXEC_STARTUP_CHECK_SECONDS: '0',
  },
})

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const look = (chunk: Buffer) => {
      output += chunk
      const url = /listens on (\S+)\n/.exec(output)?.[1]
      if (url) resolve(url)
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)))
  })
}

const rssMb = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024

/** Seconds of CPU that the service has used; a tick is a hundredth of a second on every Linux that Node runs on. */
const cpuSeconds = () => {
  const fields = readFileSync(`/proc/${service.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

interface CrowdReport {
  readonly complete: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

async function measure(url: string, followers: number) {
  rmSync(path.join(dir, 'go'), { force: true })
  const response = await fetch(`${url}/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ zulip_message: 'bench', codex_prompt: 'x', workspace: dir }),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  const { run_id } = JSON.parse(answer)
  const before = rssMb()
  const cpuBefore = cpuSeconds()
  const crowd = fork(path.join(import.meta.dirname, 'follower-crowd.ts'), [
    `${url}/runs/${run_id}/log?follow=1`,
    String(followers),
    String(LINES),
  ])
  let following = 0
  let report: CrowdReport | null = null
  crowd.on('message', async (message: 'following' | CrowdReport) => {
    if (message !== 'following') report = message
    else if (++following === followers) {
      // Following is measured, not connecting.
      await setTimeout(1000)
      writeFileSync(path.join(dir, 'go'), '')
    }
  })
  const gone = new Promise<null>((resolve) => crowd.once('exit', () => resolve(null)))
  let most = before
  while ((await Promise.race([gone, setTimeout(100, 'on')])) !== null) most = Math.max(most, rssMb())
  if (report === null) throw new Error('the followers failed')
  return {
    followers,
    ...(report as CrowdReport),
    rssBefore: before,
    rssGrowth: most - before,
    cpu: cpuSeconds() - cpuBefore,
  }
}

try {
  const url = await listening(service)
  const rows = []
  for (const followers of CROWDS) rows.push(await measure(url, followers))
  console.log(
    `\n${RATE} lines a second for ${SECONDS} s, delay from writing to arrival in ms\n${machine()}\n`,
  )
  const cells = (values: readonly string[]) => values.map((value) => value.padStart(11)).join('')
  console.log(cells(['followers', 'complete', 'p50', 'p99', 'max', 'RSS MB', 'growth MB', 'CPU s']))
  for (const { followers, complete, p50, p99, max, rssBefore, rssGrowth, cpu } of rows) {
    const numbers = [p50, p99, max, rssBefore, rssGrowth, cpu].map((value) => value.toFixed(1))
    console.log(cells([String(followers), String(complete), ...numbers]))
  }
  console.log(`\n${JSON.stringify({ title: 'followers', machine: machine(), rate: RATE, rows })}`)
} finally {
  service.kill()
  rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}
