import { appendFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { type OpenCalls, openCalls } from '../../src/agents/open-calls.ts'
import type { Clock } from '../../src/base/clock.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import type { ProcessInfo, ProcessTable } from '../../src/processes/table.ts'
import { type Limits, watchLimits } from '../../src/runs/limits.ts'

/** When the machine began, by its own measure. */
const BOOT_TICKS = 1_000_000
const AGENT = 10

/** A process that a test made up. */
export interface Made {
  readonly pid: number
  readonly start: string
  state: ProcessInfo['state']
  cpuTicks: number
  movedBytes: number
}

/** A run of made-up processes, with a real log, in a time that passes as soon as somebody waits. */
export function silentRun(
  test: Test,
  { areToldLate = false, idles = true, calls: given = null as OpenCalls | null } = {},
) {
  const calls = given ?? openCalls(areToldLate)
  const logPath = path.join(test.testdir(), 'run.log')
  writeFileSync(logPath, '')
  const over = new AbortController()
  const began = Date.now()
  const processes: Made[] = []
  let ms = 0
  let pids = AGENT
  const start = () => {
    const startedAt = String(Math.round(BOOT_TICKS + ms / 10))
    const made: Made = { pid: pids++, start: startedAt, state: 'alive', cpuTicks: 0, movedBytes: 0 }
    processes.push(made)
    return made
  }
  const agent = start()
  const infoOf = ({ pid, start, state, cpuTicks }: Made): ProcessInfo => ({
    bootId: 'boot',
    pid,
    start,
    parent: pid === AGENT ? 1 : AGENT,
    group: pid,
    session: pid,
    state,
    cpuTicks: Math.round(cpuTicks),
  })
  const table: ProcessTable = {
    ...linuxTable(),
    processes: async () => processes.map(infoOf).reverse(),
    cookieOf: () => null,
    markOf: () => null,
    movedBytesOf: (pid) => Math.round(processes.find((one) => one.pid === pid)?.movedBytes ?? 0),
    startNow: () => BOOT_TICKS + ms / 10,
  }
  let onTick: () => void = () => undefined
  const clock: Clock = {
    now: () => began + ms,
    monotonic: () => ms,
    async sleep(waited) {
      pass(waited)
      onTick()
    },
  }
  /** Time passes, in which the agent does no more than one that waits for its model. */
  function pass(waited: number): void {
    ms += waited
    if (!idles) return
    agent.cpuTicks += waited * 0.0003
    agent.movedBytes += waited * 1
  }

  return {
    agent,
    calls,
    logPath,
    over,
    start,
    pass,
    processes,
    table,
    ms: () => ms,
    say: (text: string) => appendFileSync(logPath, text),
    /** Happens whenever time has passed. */
    meanwhile: (work: () => void) => {
      onTick = work
    },
    watch: (limits: Partial<Limits>, changes: Partial<ProcessTable> = {}) =>
      watchLimits(
        { runId: 'a-run', agent: infoOf(agent), logPath, ranMs: 0, calls },
        { timeoutMs: 0, stallMs: 0, toolStallMs: 0, maxLogBytes: 0, ...limits },
        { table: { ...table, ...changes }, clock, failed: (error) => test.fail(String(error)) },
        over.signal,
      ),
  }
}
