import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { readArguments } from './arguments.ts'
import { type Row, report } from './report.ts'

/** What a question works with. */
export interface Bench {
  /** A directory of its own, which is removed at the end. */
  readonly dir: string
  /** Only to see that it works: small sizes, and numbers that mean nothing. */
  readonly isQuick: boolean
  /** What every program here is started with: it carries the mark by which all of them are ended. */
  readonly env: NodeJS.ProcessEnv
  /** Starts a program that does not outlive the question, nor does anything that it starts. */
  spawn(
    command: string,
    args: readonly string[],
    env?: NodeJS.ProcessEnv,
    options?: SpawnOptions,
  ): ChildProcess
  /** The same for a module of the bench, which can send messages. */
  fork(module: string, args: readonly string[]): ChildProcess
  /** Tells a circumstance beside the numbers. */
  tell(fact: string): void
}

const MARK = 'BENCH_ID'

/**
 * Asks one question: measures, prints and writes what came of it. Whatever was started is ended, also on SIGINT and
 * SIGTERM: it is known by a mark in its environment.
 */
export async function bench(
  name: string,
  question: string,
  measure: (bench: Bench) => Promise<readonly Row[]>,
): Promise<void> {
  const { isQuick } = readArguments(`node bench/${name}.ts`)
  if (process.platform !== 'linux') {
    console.error('the bench looks at processes through /proc, which this system does not have')
    process.exit(2)
  }
  const id = randomUUID()
  const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-bench-'))
  const facts: string[] = isQuick ? ['Quick: these numbers mean nothing.'] : []
  const env = { PATH: process.env.PATH, HOME: dir, [MARK]: id }

  async function cleanUp(): Promise<void> {
    for (let left = carriers(id); left.length > 0; left = carriers(id)) {
      for (const pid of left) kill(pid)
      await setTimeout(5)
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  let isLeaving = false
  const leave = async (status: number) => {
    // Both the terminal and the bench of all questions tell of a Ctrl-C; and what is killed makes the measuring fail.
    if (isLeaving) return
    isLeaving = true
    await cleanUp()
    process.exit(status)
  }
  process.on('SIGINT', () => leave(130))
  process.on('SIGTERM', () => leave(143))

  try {
    const rows = await measure({
      dir,
      isQuick,
      env,
      spawn: (command, args, more = {}, options = {}) =>
        spawn(command, args, { ...options, env: { ...env, ...more } }),
      fork: (module, args) => fork(path.join(import.meta.dirname, module), args, { env }),
      tell: (fact) => facts.push(fact),
    })
    report(name, question, facts, rows)
    await leave(0)
  } catch (error) {
    if (!isLeaving) console.error(error)
    await leave(1)
  }
}

/** Every process that has the mark in its environment, and so descends from this one. */
function carriers(id: string): number[] {
  return processes().filter((pid) => environmentOf(pid).includes(`${MARK}=${id}`))
}

/** All pids of the machine. */
export const processes = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Nothing where the process is gone or somebody else's. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}
