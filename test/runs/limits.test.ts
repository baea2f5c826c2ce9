import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openCalls } from '../../src/agents/open-calls.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import type { ProcessTable } from '../../src/processes/table.ts'
import { type Limits, watchLimits } from '../../src/runs/limits.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'CPU time is read from /proc')
  process.exit()
}

const table = linuxTable()
const NONE: Limits = { timeoutMs: 0, stallMs: 0, toolStallMs: 0, maxLogBytes: 0 }
const QUIET = 'sleep 300'
const BUSY = 'while :; do :; done'
const HOUR_MS = 3_600_000

/** The CPU time of a process, in ticks. */
const ticksOf = async (pid: number) => (await table.inspect(pid))?.cpuTicks ?? 0

/** A run of this shell code, and a clock on which each wait takes `waitMs`, however short it really is. */
async function setUp(test: Test, code: string, waitMs: number) {
  const runId = randomUUID()
  const logPath = path.join(test.testdir(), 'run.log')
  writeFileSync(logPath, 'header\n')
  const over = new AbortController()
  const start = async (code: string, env: NodeJS.ProcessEnv = {}) => {
    const child = spawn('/bin/sh', ['-c', code], {
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, ...env },
    })
    test.teardown(async () => {
      const exit = once(child, 'exit')
      process.kill(-(child.pid ?? 0), 'SIGKILL')
      await exit
    })
    const identity = await table.inspect(child.pid ?? 0)
    if (!identity) throw new Error('it did not start')
    return identity
  }
  const agent = await start(code, { LOOPER_RUN_ID: runId })
  const failures: unknown[] = []
  const calls = openCalls(false)
  let time = 0
  let waits = 0
  const clock: Clock = {
    // The wall clock jumps by a day at every look, back and forth.
    now: () => Date.now() + (++waits % 2 === 0 ? 24 : -24) * HOUR_MS,
    monotonic: () => time,
    async sleep(_ms, signal) {
      time += waitMs
      await onWait(++waits)
      await systemClock.sleep(1, signal)
    },
  }
  let onWait: (count: number) => Promise<void> = async () => undefined
  return {
    runId,
    agent,
    logPath,
    start,
    over,
    clock,
    run: { runId, agent, logPath, ranMs: 0, calls },
    time: () => time,
    /** Happens at each wait. */
    meanwhile: (work: (count: number) => Promise<void>) => {
      onWait = work
    },
    watch: (limits: Partial<Limits>, ranMs = 0) =>
      watchLimits(
        { runId, agent, logPath, ranMs, calls },
        { ...NONE, ...limits },
        { table, clock, failed: (error) => failures.push(error) },
        over.signal,
      ),
    failures,
  }
}

t.test('without limits nothing is watched', async (t) => {
  const { watch, time } = await setUp(t, QUIET, 1000)
  t.equal(await watch({}), null)
  t.equal(time(), 0)
})

t.test('a run that ends first passes no limit', async (t) => {
  const { watch, over, meanwhile } = await setUp(t, QUIET, 1000)
  meanwhile(async () => over.abort())
  t.equal(await watch({ timeoutMs: 10_000, stallMs: 10_000, maxLogBytes: 100 }), null)
})

t.test('a run that takes too long is timed out, whatever it does', async (t) => {
  const { watch, time, logPath, meanwhile } = await setUp(t, BUSY, 500)
  meanwhile(async () => appendFileSync(logPath, 'line\n'))
  t.match(await watch({ timeoutMs: 10_000, stallMs: 5_000 }), {
    outcome: 'timed_out',
    cause: 'it ran for 10 s',
  })
  t.equal(time(), 10_000)
})

t.test('what an adopted run took already counts', async (t) => {
  const { watch, time } = await setUp(t, QUIET, 500)
  t.match(await watch({ timeoutMs: 10_000 }, 9_000), { outcome: 'timed_out' })
  t.equal(time(), 1_000)
})

t.test('a wall clock that jumps by a day ends nothing', async (t) => {
  const { watch, over, meanwhile, logPath } = await setUp(t, QUIET, 1000)
  let waits = 0
  meanwhile(async () => {
    appendFileSync(logPath, 'line\n')
    if (++waits === 10) over.abort()
  })
  t.equal(await watch({ timeoutMs: HOUR_MS, stallMs: HOUR_MS }), null)
})

t.test('a run that neither writes nor computes is stalled', async (t) => {
  const { watch, time } = await setUp(t, QUIET, 500)
  t.match(await watch({ stallMs: 5_000 }), {
    outcome: 'stalled',
    cause: 'it wrote nothing, used no CPU time and moved no data for 5 s',
  })
  t.ok(time() >= 5_000)
})

t.test('output keeps a run alive, until there is no more of it', async (t) => {
  const { watch, meanwhile, logPath, time } = await setUp(t, QUIET, 5_000)
  let lines = 0
  meanwhile(async () => {
    if (++lines <= 5) appendFileSync(logPath, 'line\n')
  })
  t.match(await watch({ stallMs: 5_000 }), { outcome: 'stalled' })
  // Of the time between two looks that are late, not all counts.
  t.ok(time() >= 35_000)
})

t.test('a silent run that computes is not stalled', async (t) => {
  const { watch, agent, meanwhile, over } = await setUp(t, BUSY, 5_000)
  let waits = 0
  meanwhile(async () => {
    if (++waits === 5) return over.abort()
    const before = await ticksOf(agent.pid)
    await until('it computes', async () => (await ticksOf(agent.pid)) > before + 3)
  })
  t.equal(await watch({ stallMs: 5_000 }), null)
})

for (const [whose, cookie] of [
  ['a tool of it that computes, by descent', false],
  ['a tool of it that computes, by its cookie though it left the tree', true],
] as const) {
  t.test(`a silent run is not stalled while there is ${whose}`, async (t) => {
    const { watch, runId, agent, start, meanwhile, over } = await setUp(
      t,
      cookie ? QUIET : `env -u LOOPER_RUN_ID sh -c '${BUSY}' & wait`,
      5_000,
    )
    let tool = 0
    if (cookie) tool = (await start(BUSY, { LOOPER_RUN_ID: runId })).pid
    await until('the tool runs', async () => {
      for (const info of await table.processes()) if (info.parent === agent.pid) tool ||= info.pid
      return tool > 0 && (await ticksOf(tool)) > 0
    })
    let waits = 0
    meanwhile(async () => {
      if (++waits === 5) return over.abort()
      const before = await ticksOf(tool)
      await until('it computes', async () => (await ticksOf(tool)) > before + 3)
    })
    t.equal(await watch({ stallMs: 5_000 }), null)
  })
}

/** A server that takes one connection, and a program that reads from it. */
async function downloadOf(test: Test) {
  const server = createServer()
  test.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const code = `require("net").connect(${port}, "127.0.0.1").on("error", () => {}).resume()`
  const run = await setUp(test, `exec '${process.execPath}' -e '${code}'`, 5_000)
  const [socket] = await connected
  test.teardown(() => socket.destroy())
  return { ...run, socket }
}

t.test('a program that holds an idle connection is stalled', async (t) => {
  const { watch } = await downloadOf(t)
  t.match(await watch({ stallMs: 5_000 }), { outcome: 'stalled' })
})

t.test('a silent download that takes next to no CPU time is not stalled, until no more comes', async (t) => {
  const { watch, agent, socket, meanwhile, time } = await downloadOf(t)
  let chunks = 0
  meanwhile(async () => {
    if (chunks === 20) return
    chunks++
    const before = table.movedBytesOf(agent.pid)
    socket.write(Buffer.alloc(20_000))
    await until('it came', () => table.movedBytesOf(agent.pid) >= before + 20_000)
  })
  t.match(await watch({ stallMs: 5_000 }), { outcome: 'stalled' })
  t.ok(time() >= 100_000, `${time()}`)
})

t.test('somebody else who computes keeps no run alive', async (t) => {
  const { watch, start } = await setUp(t, QUIET, 500)
  await start(BUSY)
  t.match(await watch({ stallMs: 5_000 }), { outcome: 'stalled' })
})

t.test('a log that passes its size ends the run; one that just reaches it does not', async (t) => {
  const { watch, logPath, meanwhile, time } = await setUp(t, QUIET, 500)
  truncateSync(logPath, 2 * 1_048_576)
  let waits = 0
  meanwhile(async () => {
    if (++waits === 3) appendFileSync(logPath, '.')
  })
  t.match(await watch({ maxLogBytes: 2 * 1_048_576 }), {
    outcome: 'stopped',
    cause: 'its log passed 2 MB',
  })
  t.equal(time(), 1500)
})

t.test('a log that is gone counts as empty', async (t) => {
  const { watch, logPath } = await setUp(t, QUIET, 500)
  rmSync(logPath)
  t.match(await watch({ stallMs: 5_000, maxLogBytes: 1 }), { outcome: 'stalled' })
})

t.test('a look that fails ends neither the run nor the watching, and is told once in a row', async (t) => {
  const { run, over, clock, failures, meanwhile } = await setUp(t, QUIET, 1000)
  let isBlind = false
  const blind: ProcessTable = {
    ...table,
    processes: () => (isBlind ? Promise.reject(new Error('EMFILE')) : table.processes()),
  }
  const deps = { table: blind, clock, failed: (error: unknown) => failures.push(error) }
  let waits = 0
  const sights = [false, true, true, false, true, false]
  meanwhile(async () => {
    isBlind = sights[++waits] ?? false
  })
  const stalled = {
    outcome: 'stalled',
    cause: 'it wrote nothing, used no CPU time and moved no data for 10 s',
  }
  t.match(await watchLimits(run, { ...NONE, stallMs: 10_000 }, deps, over.signal), stalled)
  t.match(failures, [{ message: 'EMFILE' }, { message: 'EMFILE' }])
  t.equal(failures.length, 2)

  isBlind = true
  meanwhile(async () => undefined)
  const timedOut = { outcome: 'timed_out', cause: 'it ran for 10 s' }
  const limits = { ...NONE, timeoutMs: 10_000, stallMs: 5000 }
  t.match(await watchLimits(run, limits, deps, over.signal), timedOut, 'its time needs no look')
})

t.test('something else in the place of the log counts as an empty one', async (t) => {
  const { watch, logPath } = await setUp(t, QUIET, 500)
  rmSync(logPath)
  symlinkSync(logPath, logPath)
  t.match(await watch({ timeoutMs: 5_000, maxLogBytes: 1 }), { outcome: 'timed_out' })
  rmSync(logPath)
  symlinkSync('/dev/zero', logPath)
  t.match(await watch({ stallMs: 5_000, maxLogBytes: 1 }), { outcome: 'stalled' })
})
