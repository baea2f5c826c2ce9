import '../src/node-version.cjs'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { messageOf } from '../src/base/errors.ts'
import { oneLine } from '../src/cli/harmless.ts'
import { mirrorLog } from '../src/logging/mirror.ts'
import { readTrailer } from '../src/logs/run-log.ts'
import { startLoopbackModel, writeCodexHome } from '../test/fixtures/loopback-model.ts'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { findObstacles, writeCodexProgram, writeScratchRepository } from '../test/fixtures/real-codex.ts'
import { carriers, runIdOf } from '../test/helpers/processes.ts'
import { NEXT, remarkOn } from './demo-remarks.ts'

/**
 * The main job on stand-ins: a Zulip and a model on loopback, the real codex, a scratch repository. Tells what happens
 * as it happens; exits 1 where anything went otherwise. Whatever happens, it is over within 20 seconds, and leaves no
 * process behind.
 */

/** For the job; the rest of the 20 s is for what is to be closed. */
const LIMIT_MS = 17_000
const CLOSE_LIMIT_MS = 2000
const PROJECT = path.resolve(import.meta.dirname, '..')
const PLACE = path.join(PROJECT, 'logs/demo')
const LONG_JOB = "echo a long job; sh -c 'sleep 300 & sleep 301 & wait'"

const USAGE = `Usage: npm run demo

Shows what Looper does, with the real codex and a Zulip and a model on loopback. Takes some seconds, reaches nothing outside
of this machine, and touches none of your own runs. Its files lie in logs/demo.`

readArguments()

function readArguments(): void {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
    if (!values.help) return
    console.log(USAGE)
    process.exit(0)
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`)
    process.exit(2)
  }
}

const begin = Date.now()
const stack: (() => unknown)[] = []
const dim = (text: string) => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[22m` : text)
const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[22m` : text)

function say(text: string): void {
  const seconds = ((Date.now() - begin) / 1000).toFixed(1).padStart(5)
  console.log(`${dim(`${seconds} s`)}  ${text}`)
}

/** A part of the demo begins; says what it shows. */
function chapter(title: string, text: string): void {
  console.log(`\n${bold(title)}\n${text}\n`)
}

function expect(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`not as it should be: ${promise}`)
}

/** What is waited for now, and what ends every wait: the limit, Ctrl-C, SIGTERM. */
let awaited = 'the demo begins'
const over = new AbortController()
const end = (why: string) => over.abort(new Error(why))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => end(`${signal}: stopping`))
const SLOW = 'This machine is slow or busy: try again, as the first time takes longest'
setTimeout(() => end(`not within ${LIMIT_MS / 1000} s: ${awaited}. ${SLOW}`), LIMIT_MS).unref()

async function until(promise: string, condition: () => boolean): Promise<void> {
  awaited = promise
  while (!condition()) await systemClock.sleep(20, over.signal)
}

/** Rejects when everything is over, with the reason. */
function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true })
  })
}

interface Launched {
  readonly pid: number
  readonly log: string
  readonly runId: string
  readonly stopped: readonly number[]
  readonly remaining: readonly number[]
}

/** Posts a run as any caller would. */
async function post(url: string, message: string, prompt: string): Promise<Launched> {
  say(bold(`POST /run  "${message}"`))
  awaited = 'an answer'
  const response = await fetch(`${url}/run`, {
    method: 'POST',
    signal: over.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      zulip_message: message,
      codex_prompt: prompt,
      workspace: path.join(PLACE, 'repository'),
    }),
  })
  const answer = JSON.parse(await response.text())
  expect(
    response.status === 200,
    `an answer of 200, but it was ${response.status}: ${JSON.stringify(answer)}`,
  )
  const { pid, log_path: log, command } = answer.codex_exec_result
  say(`Looper answers 200: codex runs as pid ${pid}`)
  return {
    pid,
    log,
    runId: runIdOf(command),
    stopped: answer.killed_codex_exec_pids,
    remaining: answer.remaining_codex_exec_pids,
  }
}

/** What was said of lines so far; once is enough. */
const said = new Set<string>()

/** Shows a line of a run's log, and what there is to say about it. */
function showLine(line: string): void {
  console.log(dim(`   codex │ ${oneLine(line).slice(0, 100)}`))
  const remark = remarkOn(line)
  if (remark === null || said.has(remark)) return
  said.add(remark)
  console.log(`         └ ${remark}`)
}

/** Shows a run's log as it grows. */
function showLog(file: string) {
  const complete = new AbortController()
  let seen = ''
  const write = (lines: Buffer) => {
    seen += lines
    for (const line of String(lines).trimEnd().split('\n')) showLine(line)
    return true
  }
  const shown = mirrorLog({ path: file, from: 0, write, clock: systemClock, complete: complete.signal })
  return {
    seen: () => seen,
    async end() {
      complete.abort()
      await shown
    },
  }
}

async function startLooper(env: NodeJS.ProcessEnv): Promise<{ url: string; child: ChildProcess }> {
  stack.push(killAll)
  const child = spawn(process.execPath, [path.join(PROJECT, 'src/start.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  await until('Looper listens', () => output.includes('listens on ') || child.exitCode !== null)
  const url = /listens on (\S+)/.exec(output)?.[1]
  if (url === undefined) throw new Error(`Looper did not start: ${output}`)
  return { url, child }
}

async function demo(): Promise<void> {
  chapter(
    "Looper's main job, with the real codex",
    `One request announces a run, stops the agent that is still at work, and launches a fresh one. Zulip and the model are
stand-ins on this machine: nothing leaves it, no account is used, and your own runs are left alone.`,
  )
  rmSync(PLACE, { recursive: true, force: true })
  mkdirSync(PLACE, { recursive: true })
  const { toRun, toSandbox } = findObstacles()
  if (toRun) throw new Error(`codex does not run on this machine: ${toRun}`)
  if (toSandbox) say(`codex cannot sandbox on this machine, so the demo runs it without: ${toSandbox}`)
  const binary = writeCodexProgram(
    path.join(PLACE, 'bin'),
    toSandbox ? 'danger-full-access' : 'workspace-write',
  )
  writeScratchRepository(path.join(PLACE, 'repository'))

  const zulip = await startLoopbackZulip()
  stack.push(() => zulip.close())
  zulip.onMessage(({ to, topic, content }) => say(`Zulip received in ${to} > ${topic}: "${content}"`))
  zulip.onEdit(({ content }) => {
    const [notice, end = ''] = content.split('\n\n')
    say(`Zulip now shows below "${notice}": ${end.split('\n', 1)}`)
  })
  const model = await startLoopbackModel()
  stack.push(() => model.close())
  const { url, child } = await startLooper({
    PATH: process.env.PATH,
    HOME: PLACE,
    LOOPER_PORT: '0',
    // Only what this service launches; your own runs are left alone.
    LOOPER_STOP_SCOPE: 'own',
    CODEX_EXEC_LOG_DIR: PLACE,
    CODEX_EXEC_BINARY: binary,
    CODEX_EXEC_DELAY_SECONDS: '0',
    ...(await writeCodexHome(path.join(PLACE, 'codex-home'), model)),
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  })
  say(`Looper listens on ${url}`)

  chapter(
    '1. A first run',
    'A notice goes to Zulip, then codex starts on a job that would take five minutes.',
  )
  const first = await post(url, 'Starting the long job', `RUN: ${LONG_JOB}`)
  const firstLog = showLog(first.log)
  await until(
    'codex runs its tools',
    () => carriers(first.runId).length >= 4 && firstLog.seen().includes('\nexec'),
  )
  const tree = carriers(first.runId)
  say(`the first run is ${tree.length} processes: ${tree.join(' ')}`)

  chapter(
    '2. A second request',
    'It replaces the first run: notice, stop, launch. Its answer comes when codex runs.',
  )
  const second = await post(url, 'Starting over', 'ECHO: Hello from the second run.')
  await firstLog.end()
  expect(second.stopped.includes(first.pid), `the first agent, ${first.pid}, was stopped`)
  expect(second.remaining.length === 0, 'no stopped agent remains')
  const left = carriers(first.runId)
  expect(left.length === 0, `nothing of the first run is left, but ${left.join(' ')} is`)
  say(
    `stopped: agent ${second.stopped.join(' ')}, and all ${tree.length} processes of its tree; none is left`,
  )
  say(`its log: ${first.log}, return code ${readTrailer(first.log)}`)

  chapter('3. The second run', 'It works in peace, and its end is added to its notice.')
  const secondLog = showLog(second.log)
  await until('the second run ends', () => readTrailer(second.log) !== null)
  await secondLog.end()
  expect(readTrailer(second.log) === 0, 'the second run ends with return code 0')
  expect(zulip.messages.length === 2, 'Zulip received two notices')
  await until('both notices tell the end', () => zulip.edits.length === 2)
  say(`the second run ended with return code 0; its log: ${second.log}`)

  chapter('4. The end', 'SIGTERM to Looper, as Ctrl-C or systemd would stop it.')
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = await exit
  expect(code === 0, `Looper ends with 0, but it was ${code}`)
  await until('nothing is left running', () => carriers(second.runId).length === 0)
  say(bold('Looper has stopped, nothing is left running. Everything went as it should.'))
  console.log(NEXT)
}

/** Kills the service, wrappers, agents and tools of this place, until none is left. */
async function killAll(): Promise<void> {
  for (;;) {
    const left = carriers(`CODEX_EXEC_LOG_DIR=${PLACE}\0`).filter((pid) => pid !== process.pid)
    if (left.length === 0) return
    for (const pid of left) kill(pid)
    await systemClock.sleep(20)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

async function closeAll(): Promise<void> {
  for (const close of stack.reverse()) await close()
}

try {
  await Promise.race([demo(), interrupted()])
} catch (error) {
  say(bold(messageOf(error)))
  process.exitCode = 1
} finally {
  await Promise.race([closeAll(), systemClock.sleep(CLOSE_LIMIT_MS)])
  // What still shows a log, or waits for an answer, would keep it.
  process.exit()
}
