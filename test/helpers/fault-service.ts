import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { Value } from 'typebox/value'
import { RunList, type RunSummary } from '../../src/runs/run-schemas.ts'
import { type LoopbackZulip, startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { carriers, killCarriers } from './processes.ts'
import { type Answer, PROJECT, startTestService, type TestService, textOf, until } from './service.ts'

/** The scripted agent. */
export const FAKE_CODEX = path.join(PROJECT, 'test/fixtures/codex')

/** A run as its caller sees it. */
export interface Posted {
  readonly status: number
  readonly body: Answer
  /** 0 where nothing was launched. */
  readonly pid: number
  readonly log: string
  readonly runId: string
}

/** A service on which a fault is injected, and what is needed to look at it. */
export interface FaultSetUp {
  readonly dir: string
  readonly logDir: string
  readonly workspace: string
  readonly zulip: LoopbackZulip
  /** The first one; `restart` returns later ones. */
  readonly service: TestService
  readonly watch: TwoRunsWatch
  /** Posts a run whose prompt is this shell code. */
  run(prompt: string, more?: object, to?: TestService): Promise<Posted>
  /** Starts the next life of the service on the same log directory. */
  restart(settings?: NodeJS.ProcessEnv): Promise<TestService>
}

/** A service with a loopback Zulip, the scripted agent as codex, an empty workspace, and a look-out for two runs. */
export async function setUpFault(
  test: Test,
  settings: NodeJS.ProcessEnv = {},
  files: Record<string, string> = {},
): Promise<FaultSetUp> {
  const dir = test.testdir({ workspace: {}, logs: {}, ...files })
  const logDir = settings.CODEX_EXEC_LOG_DIR ?? path.join(dir, 'logs')
  const workspace = path.join(dir, 'workspace')
  const zulip = await startLoopbackZulip()
  test.teardown(() => zulip.close())
  test.teardown(() => killCarriers(markOf(logDir)))
  const watch = watchForTwo(test, logDir)
  const start = async (more: NodeJS.ProcessEnv = {}) => {
    const service = await startTestService(logDir, {
      CODEX_EXEC_BINARY: FAKE_CODEX,
      LOOPER_MIN_FREE_MB: '0',
      ZULIP_SITE: zulip.url,
      ZULIP_BOT_EMAIL: zulip.account.email,
      ZULIP_BOT_API_KEY: zulip.account.key,
      ...settings,
      ...more,
    })
    test.teardown(() => stopSurely(service))
    return service
  }
  const service = await start()
  return {
    dir,
    logDir,
    workspace,
    zulip,
    service,
    watch,
    restart: start,
    async run(prompt, more = {}, to = service) {
      const answer = await to.post({ zulip_message: 'a run', codex_prompt: prompt, workspace, ...more })
      const result = answer.body.codex_exec_result
      const { run_id: runId } = answer.body
      return {
        ...answer,
        pid: result?.pid ?? 0,
        log: result?.log_path ?? '',
        runId: typeof runId === 'string' ? runId : '',
      }
    },
  }
}

const STOP_LIMIT_MS = 15_000

/** Stops a service; one that hangs is killed, so that no test leaves one. */
export async function stopSurely(service: TestService): Promise<void> {
  const timer = setTimeout(() => service.child.kill('SIGKILL'), STOP_LIMIT_MS)
  await service.stop()
  clearTimeout(timer)
}

/** SIGKILL to the service alone, as the kernel's out-of-memory killer would. */
export async function killService({ child }: TestService): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** The record, newest run first, as `GET /runs` tells it. */
export async function runsOf({ url }: TestService): Promise<RunSummary[]> {
  const response = await fetch(`${url}/runs?limit=500`)
  return Value.Parse(RunList, await response.json()).runs
}

/** One run on the record. */
export async function recordOf(service: TestService, runId: string): Promise<RunSummary> {
  const found = (await runsOf(service)).find(({ run_id }) => run_id === runId)
  if (!found) throw new Error(`run ${runId} is not on the record`)
  return found
}

/** Resolves with the record of a run as soon as it has ended. */
export async function endOf(service: TestService, runId: string, limitMs?: number): Promise<RunSummary> {
  const isOver = async () => (await recordOf(service, runId)).outcome !== null
  await until(`the end of run ${runId}`, isOver, limitMs)
  return recordOf(service, runId)
}

/** How many trailers a log has. */
export const trailersIn = (log: string): number =>
  textOf(log).match(/^# codex_exec_return_code=(-?\d+|unknown)$/gm)?.length ?? 0

/** What the service logged under this log directory. */
export const serverLogOf = (logDir: string): string => textOf(path.join(logDir, 'looper-server.log'))

/** Processes that a service on this log directory started, whatever run they belong to, and that service. */
export const markOf = (logDir: string): string => `CODEX_EXEC_LOG_DIR=${logDir}\0`

/**
 * What must hold after every fault: the runs named still live, all others ended on the record, with a cause unless they
 * ended by themselves, their logs closed by one trailer, no process of them left; and never two runs at a time.
 */
export async function assertSettled(
  t: Test,
  service: TestService,
  watch: TwoRunsWatch,
  live: readonly string[] = [],
): Promise<void> {
  await until('all other runs ended on the record', async () =>
    (await runsOf(service)).every(({ run_id, outcome }) => live.includes(run_id) || outcome !== null),
  )
  for (const { run_id, outcome, cause, log_path, return_code } of await runsOf(service)) {
    if (live.includes(run_id)) {
      t.equal(outcome, null, 'a live run has no outcome')
      t.equal(trailersIn(log_path ?? ''), 0, 'nor a trailer')
      // Its pid is told a moment before its program begins.
      await until('it lives', () => carriers(run_id).length > 0)
      continue
    }
    t.ok(outcome === 'exited' || cause, `a ${outcome} run has a cause`)
    t.ok(outcome !== 'exited' || return_code !== null, 'an exited run has its return code')
    if (log_path !== null) {
      await until('the trailer', () => trailersIn(log_path) > 0)
      t.equal(trailersIn(log_path), 1, `the log of the ${outcome} run has its trailer once`)
    }
    t.same(carriers(run_id), [], `nothing of the ${outcome} run is alive`)
  }
  t.ok(watch.looks > 0, 'the process table was sampled')
  t.same(watch.overlaps, [], 'there were never two runs')
}

/** A look-out over the process table. */
export interface TwoRunsWatch {
  /** Run ids that were alive at the same moment; empty as it should be. */
  readonly overlaps: readonly string[]
  /** How often it looked. */
  readonly looks: number
}

const LOOK_EVERY_MS = 20

interface Sighting {
  readonly runId: string
  readonly pid: number
  readonly start: string
}

/** Samples `/proc`, to the end of the test, for runs of a service on this log directory: runs that begin from now on. */
export function watchForTwo(test: Test, logDir: string): TwoRunsWatch {
  const mark = markOf(logDir)
  const overlaps: string[] = []
  let looks = 0
  // What is there before is none, for as long as it is there: reading all of a busy machine would take a whole processor.
  let before = new Set(readdirSync('/proc'))
  const look = () => {
    looks++
    const names = readdirSync('/proc')
    before = new Set(names.filter((name) => before.has(name)))
    const seen = sightings(
      mark,
      names.filter((name) => !before.has(name)),
    )
    if (new Set(seen.map(({ runId }) => runId)).size < 2) return
    // One pass takes a while: only what is still there at its end was surely there together.
    const together = new Set(seen.filter(isStillThere).map(({ runId }) => runId))
    if (together.size > 1) overlaps.push([...together].join(' and '))
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  test.teardown(() => clearInterval(timer))
  return {
    overlaps,
    get looks() {
      return looks
    },
  }
}

function sightings(mark: string, names: readonly string[]): Sighting[] {
  const seen: Sighting[] = []
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1')
      const runId = environment.includes(mark) && /(?:^|\0)LOOPER_RUN_ID=([\w-]+)/.exec(environment)?.[1]
      if (runId) seen.push({ runId, pid: Number(name), start: startOf(Number(name)) })
    } catch {
      // It ended while we looked.
    }
  }
  return seen
}

function isStillThere({ pid, start }: Sighting): boolean {
  try {
    return startOf(pid) === start
  } catch {
    return false
  }
}

/** The start of a process in clock ticks. @throws where it is gone or a zombie */
export function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') throw new Error(`${pid} is dead`)
  return fields[19] ?? ''
}

/** The parent of a process. */
export function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1])
}

/** A process that has nothing to do with Looper and writes down each signal it gets. */
export async function startBystander(
  test: Test,
  dir: string,
): Promise<{ readonly pid: number; readonly start: string; readonly signals: () => string }> {
  const told = path.join(dir, 'signals')
  const script = `for s in HUP INT QUIT TERM USR1 USR2 CONT; do trap "echo $s >>'${told}'" $s; done
    echo ready; while :; do sleep 0.1; done`
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, TEST_FILE_ID: process.env.TEST_FILE_ID },
  })
  const { pid, stdout } = child
  if (pid === undefined) throw new Error('the bystander did not start')
  test.teardown(() => {
    process.kill(-pid, 'SIGKILL')
  })
  await once(stdout, 'data')
  return { pid, start: startOf(pid), signals: () => textOf(told) }
}
