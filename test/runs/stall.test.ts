import { rmSync } from 'node:fs'
import t from 'tap'
import { openCalls } from '../../src/agents/open-calls.ts'
import { silentRun } from '../helpers/silent-run.ts'

const LIMIT = { stallMs: 600_000, toolStallMs: 14_400_000 }
const tool = (id: string, state: 'started' | 'done' | 'failed') =>
  ({ kind: 'tool', id, name: 'exec', input: null, output: null, state }) as const

t.test('an agent that only waits is stalled, though it ticks over', async (t) => {
  const { watch, ms } = silentRun(t)
  t.match(await watch(LIMIT), {
    outcome: 'stalled',
    cause: 'it wrote nothing, used no CPU time and moved no data for 600 s',
    remedy: /stall_seconds/,
  })
  t.ok(ms() >= 600_000 && ms() <= 660_000, `${ms()}`)
})

for (const [what, does] of [
  ['computes a little', { cpuTicks: 12, movedBytes: 0 }],
  ['moves a little', { cpuTicks: 0, movedBytes: 30_000 }],
] as const) {
  t.test(`what ${what} is not stalled, until it does that no more`, async (t) => {
    const { watch, ms, agent, meanwhile } = silentRun(t, { idles: false })
    meanwhile(() => {
      if (ms() % 10_000 !== 0 || ms() > 7_200_000) return
      agent.cpuTicks += does.cpuTicks
      agent.movedBytes += does.movedBytes
    })
    t.match(await watch(LIMIT), { outcome: 'stalled' })
    t.ok(ms() >= 7_800_000 && ms() <= 7_860_000, `${ms()}`)
  })
}

t.test('children that come and go between two looks count by what their parent has of them', async (t) => {
  const { watch, ms, agent, processes, start, meanwhile, over } = silentRun(t)
  meanwhile(() => {
    if (ms() > 3_600_000) over.abort()
    if (processes.length > 1) processes.pop()
    else start()
    agent.cpuTicks += 2
  })
  t.equal(await watch(LIMIT), null)
})

t.test('a process that is gone is no sign of life', async (t) => {
  const { watch, ms, processes, start, meanwhile } = silentRun(t)
  start().cpuTicks = 5000
  meanwhile(() => {
    if (ms() === 300_000) processes.pop()
  })
  t.match(await watch(LIMIT), { outcome: 'stalled' })
  t.ok(ms() <= 660_000, `${ms()}`)
})

t.test('an open tool call has a limit of its own', async (t) => {
  const { watch, ms, calls } = silentRun(t)
  calls.take(tool('1', 'started'))
  t.match(await watch(LIMIT), {
    outcome: 'stalled',
    cause: 'it wrote nothing, used no CPU time and moved no data for 14400 s, with a tool call open',
    remedy: /LOOPER_RUN_TOOL_STALL_SECONDS/,
  })
  t.ok(ms() >= 14_400_000 && ms() <= 14_460_000, `${ms()}`)
})

t.test('that limit may be none, and is none below the one without a call', async (t) => {
  const forEver = silentRun(t)
  forEver.calls.take(tool('1', 'started'))
  t.match(await forEver.watch({ ...LIMIT, toolStallMs: 0, timeoutMs: 20_000_000 }), { outcome: 'timed_out' })
  const shorter = silentRun(t)
  shorter.calls.take(tool('1', 'started'))
  t.match(await shorter.watch({ ...LIMIT, toolStallMs: 1000 }), {
    outcome: 'stalled',
    cause: /for 600 s, with/,
  })
  t.ok(shorter.ms() >= 600_000)
})

t.test('time in which nobody looked counts only as far as looks may be late', async (t) => {
  const { watch, ms, pass, meanwhile } = silentRun(t)
  let jumps = 0
  meanwhile(() => {
    if (ms() > 100_000 && jumps++ === 0) pass(86_400_000)
  })
  t.match(await watch(LIMIT), { outcome: 'stalled' })
  t.ok(ms() >= 86_400_000 + 550_000, `${ms()}`)
})

t.test('of an agent that tells calls late, what began after its last word is a call', async (t) => {
  const { watch, ms, calls, say, start, meanwhile } = silentRun(t, { areToldLate: true })
  calls.take({ kind: 'turn' })
  const server = start()
  let command = server
  meanwhile(() => {
    if (ms() === 20_000) say('a word\n')
    if (ms() === 25_000) command = start()
    if (ms() === 7_200_000) command.state = 'zombie'
  })
  t.match(await watch(LIMIT), { outcome: 'stalled', cause: /for 600 s$/ })
  t.ok(ms() >= 7_800_000 && ms() <= 7_860_000, `${ms()}`)
})

t.test('before its first word nothing is a call, nor where nobody knows when that was', async (t) => {
  const silent = silentRun(t, { areToldLate: true })
  silent.meanwhile(() => {
    if (silent.ms() === 5_000) silent.start()
  })
  t.match(await silent.watch(LIMIT), { cause: /for 600 s$/ })

  const blind = silentRun(t, { areToldLate: true })
  blind.calls.take({ kind: 'turn' })
  rmSync(blind.logPath)
  blind.meanwhile(() => {
    if (blind.ms() === 5_000) blind.start()
  })
  t.match(await blind.watch(LIMIT, { startNow: () => null }), { cause: /for 600 s$/ })
})

t.test('a run that is adopted in a call goes by the time of its log', async (t) => {
  const run = silentRun(t, { areToldLate: true })
  run.pass(60_000)
  run.calls.take({ kind: 'turn' })
  run.start()
  run.meanwhile(() => {
    if (run.ms() > 3_600_000) run.over.abort()
  })
  t.equal(await run.watch(LIMIT), null)
})

t.test('a million open calls take no more than a thousand', async (t) => {
  const calls = openCalls(false)
  for (let id = 0; id < 1_000_000; id++) calls.take(tool(`${id}`, 'started'))
  for (let id = 0; id < 999; id++) calls.take(tool(`${id}`, 'done'))
  t.ok(calls.any())
  calls.take({ kind: 'work', id: '999', state: 'done' })
  t.notOk(calls.any())
  calls.take({ kind: 'work', id: 'a', state: 'started' })
  t.ok(calls.any())
  calls.take(tool('a', 'failed'))
  t.notOk(calls.any())
})

/** A warning after five minutes, after an hour in a call, and what was told by it with the time. */
function warningOf(ms: () => number, silentSince: number | null = null) {
  const told: [since: boolean, minutes: number][] = []
  const silent = (since: number | null) => told.push([since !== null, Math.round(ms() / 60_000)])
  return { told, warning: { stallMs: 300_000, toolStallMs: 3_600_000, silentSince, silent } }
}

t.test('a silent run is told of once, and ended only later', async (t) => {
  const { watch, ms } = silentRun(t)
  const { told, warning } = warningOf(ms)
  t.match(await watch({ ...LIMIT, warning }), { outcome: 'stalled' })
  t.same(told, [[true, 5]])
  t.ok(ms() >= 600_000 && ms() <= 660_000, `${ms()}`)
})

t.test('it is also told where there is no end, since when, that it goes on, and the next time', async (t) => {
  const run = silentRun(t)
  const since: (number | null)[] = []
  const { told, warning } = warningOf(run.ms)
  const silent = (at: number | null) => {
    warning.silent(at)
    since.push(at)
  }
  run.meanwhile(() => {
    if (run.ms() === 1_200_000) run.say('a word\n')
    if (run.ms() >= 2_400_000) run.over.abort()
  })
  t.equal(await run.watch({ warning: { ...warning, silent } }), null)
  t.same(told, [
    [true, 5],
    [false, 20],
    [true, 25],
  ])
  t.ok(Math.abs(Number(since[2]) - Number(since[0]) - 1_200_000) <= 20_000, `${since}`)
})

t.test('in a call it is told later, or never', async (t) => {
  const run = silentRun(t)
  run.calls.take(tool('1', 'started'))
  const { told, warning } = warningOf(run.ms)
  t.match(await run.watch({ ...LIMIT, warning }), { outcome: 'stalled' })
  t.same(told, [[true, 60]])

  const never = silentRun(t)
  never.calls.take(tool('1', 'started'))
  const other = warningOf(never.ms)
  t.match(await never.watch({ ...LIMIT, warning: { ...other.warning, toolStallMs: 0 } }), {
    outcome: 'stalled',
  })
  t.same(other.told, [])
})

t.test('what an earlier life of the service told is not told again', async (t) => {
  const run = silentRun(t)
  const { told, warning } = warningOf(run.ms, 1)
  run.meanwhile(() => {
    if (run.ms() === 600_000) run.say('a word\n')
    if (run.ms() >= 660_000) run.over.abort()
  })
  t.equal(await run.watch({ warning }), null)
  t.same(told, [[false, 10]])
})
