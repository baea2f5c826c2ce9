import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import { limitOf } from '../../src/processes/mark.ts'
import { type StopOptions, stopTrees } from '../../src/processes/stop.ts'
import { COOKIE, type Identity, type ProcessTable } from '../../src/processes/table.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'these trees are read from /proc')
  process.exit()
}

const table = linuxTable()

/** Starts a victim with a cookie of its own, and waits until it says that its tree stands. */
async function victim(test: Test, script: string, withCookie = true) {
  const cookie = randomUUID()
  const dir = test.testdir()
  const ready = path.join(dir, 'ready')
  const file = path.join(dir, 'victim.sh')
  writeFileSync(file, script)
  const child = spawn('/bin/sh', [file], {
    detached: true,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      TEST_FILE_ID: process.env.TEST_FILE_ID,
      READY: ready,
      VICTIM: cookie,
      ...(withCookie ? { [COOKIE]: cookie } : {}),
    },
  })
  test.teardown(() => {
    killCarriers(cookie)
  })
  await until('the victim stands', () => textOf(ready) !== '')
  const identity = await table.inspect(child.pid ?? 0)
  if (!identity) throw new Error('the victim is gone')
  return { cookie, target: { identity, cookie: withCookie ? cookie : null }, child, told: textOf(ready) }
}

const stop = (targets: Parameters<typeof stopTrees>[0], more: Partial<StopOptions> = {}) =>
  stopTrees(targets, { table, clock: systemClock, graceMs: 600, spare: new Set(), ...more })

/** It runs a hundred times as fast, so that limits are near. */
const quickClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() * 100,
  sleep: (ms) => systemClock.sleep(ms / 100),
}

const STUBBORN = `trap '' INT TERM HUP`

const VICTIMS: Readonly<Record<string, string>> = {
  'one that obeys': 'sleep 300 & echo >"$READY"; wait',
  'one that ignores every polite signal': `${STUBBORN}; echo >"$READY"; while :; do sleep 1; done`,
  'a child in a session of its own': 'setsid sleep 300 & echo >"$READY"; wait',
  'a daemon, forked twice':
    '(setsid sh -c "sleep 300 & exec sleep 300" &); sleep 0.1; echo >"$READY"; exec sleep 300',
  'a child whose parent is gone': '(sleep 300 &); echo >"$READY"; exec sleep 300',
  'stubborn children in sessions of their own': `for i in 1 2 3; do setsid sh -c "${STUBBORN}; while :; do sleep 1; done" & done
    echo >"$READY"; wait`,
  'a storm of forks': `storm() { ${STUBBORN}; while :; do sleep 0.2 & setsid sleep 0.2 & sleep 0.01; done; }
    for i in 1 2 3 4 5; do storm & done; echo >"$READY"; storm`,
  'a chain that forks anew in each generation': `${STUBBORN}; [ -e "$READY" ] || { echo >"$READY"; setsid sh "$0" & exec sleep 300; }
    setsid sh "$0" & exit`,
}

for (const [name, script] of Object.entries(VICTIMS)) {
  t.test(`the whole tree is gone: ${name}`, async (t) => {
    const { cookie, target } = await victim(t, script)
    t.ok(carriers(cookie).length >= 1)
    const report = await stop([target])
    t.same(report.survivors, [])
    t.same(carriers(cookie), [], 'no process of it is alive')
    t.ok(report.signalled.includes(target.identity.pid))
  })
}

t.test('without a cookie, descendants in other sessions are still found through their parents', async (t) => {
  const { cookie, target } = await victim(
    t,
    'setsid sh -c "sleep 300 & wait" & sleep 0.1; echo >"$READY"; wait',
    false,
  )
  t.equal(carriers(cookie).length, 3)
  t.same((await stop([target])).survivors, [])
  t.same(carriers(cookie), [])
})

const unmarked = spawnSync('prlimit', ['--version']).error ? 'prlimit (util-linux) is not installed' : false

t.test(
  'what cleared its environment and left its parent is swept by its mark; an older namesake is not',
  { skip: unmarked },
  async (t) => {
    const cookie = randomUUID()
    const told = path.join(t.testdir(), 'pid')
    const marked = (script: string) =>
      spawn('prlimit', [`--rttime=${limitOf(cookie, '/logs')}:`, 'sh', '-c', script], { stdio: 'ignore' })
    const older = marked('exec sleep 300')
    t.teardown(() => older.kill('SIGKILL'))
    await until('a tick of the clock', async () => {
      const [self, other] = await Promise.all([table.inspect(process.pid), table.inspect(older.pid ?? 0)])
      return self !== null && other !== null && table.markOf(other.pid) !== null
    })
    await systemClock.sleep(20)
    const agent = marked(
      `(env -i PATH="$PATH" setsid sh -c 'trap "" INT TERM; echo $$ >${told}; while :; do sleep 0.1; done' &); exec sleep 300`,
    )
    await until('the daemon', () => textOf(told) !== '')
    const identity = await table.inspect(agent.pid ?? 0)
    if (!identity) throw new Error('the agent is gone')
    const daemon = Number(textOf(told))
    const { signalled, survivors } = await stop([{ identity, cookie }])
    t.same(survivors, [])
    t.ok(signalled.includes(daemon))
    t.not((await table.inspect(daemon))?.state, 'alive')
    t.equal((await table.inspect(older.pid ?? 0))?.state, 'alive', 'it was there before the agent')
  },
)

t.test('a look that fails says of nobody that he is gone; it is taken again', async (t) => {
  const { cookie, target } = await victim(t, `${STUBBORN}; echo >"$READY"; while :; do sleep 1; done`)
  let looks = 0
  const failNow = () => {
    if (++looks % 7 === 0) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
  }
  const shaky: ProcessTable = {
    ...table,
    isAlive: async (identity) => {
      failNow()
      return table.isAlive(identity)
    },
    processes: async () => {
      failNow()
      return table.processes()
    },
  }
  t.same((await stop([target], { table: shaky })).survivors, [])
  t.ok(looks > 7)
  t.same(carriers(cookie), [])
})

t.test('where no look succeeds, that is told, and nobody is called gone', async (t) => {
  const { cookie, target } = await victim(t, 'echo >"$READY"; exec sleep 300')
  const blind: ProcessTable = { ...table, processes: () => Promise.reject(new Error('EMFILE')) }
  await t.rejects(stop([target], { table: blind, clock: quickClock }), { message: 'EMFILE' })
  t.equal(carriers(cookie).length, 1)
})

t.test('an agent that the system hides is told as a survivor', async (t) => {
  const { target } = await victim(t, 'echo >"$READY"; exec sleep 300')
  const hiding: ProcessTable = { ...table, processes: async () => [], signal: async () => false }
  t.same(await stop([target], { table: hiding, clock: quickClock }), {
    signalled: [],
    survivors: [target.identity.pid],
  })
})

t.test('one that was stopped is continued, so that it can end politely', async (t) => {
  const { target, child } = await victim(t, `trap 'exit 7' INT; echo >"$READY"; while :; do sleep 0.05; done`)
  process.kill(target.identity.pid, 'SIGSTOP')
  await until('it is stopped', async () => (await table.inspect(target.identity.pid))?.state === 'stopped')
  const exit = once(child, 'exit')
  t.same((await stop([target], { graceMs: 10_000 })).survivors, [])
  t.same(await exit, [7, null])
})

t.test('SIGINT is repeated, for an agent that loses the first one', async (t) => {
  const { target, child } = await victim(
    t,
    `trap 'trap "exit 9" INT' INT; echo >"$READY"; while :; do sleep 0.05; done`,
  )
  const exit = once(child, 'exit')
  t.same((await stop([target], { graceMs: 10_000 })).survivors, [])
  t.same(await exit, [9, null])
})

t.test('SIGTERM comes in the second half of the grace', async (t) => {
  const { target, child } = await victim(
    t,
    `trap '' INT; trap 'exit 8' TERM; echo >"$READY"; while :; do sleep 0.05; done`,
  )
  const exit = once(child, 'exit')
  t.same((await stop([target])).survivors, [])
  t.same(await exit, [8, null])
})

t.test('in a hurry, a stubborn one is killed at once', async (t) => {
  const { cookie, target } = await victim(t, VICTIMS['one that ignores every polite signal'] ?? '')
  const hurry = new AbortController()
  const stopping = stop([target], { graceMs: 600_000, hurry: hurry.signal })
  hurry.abort()
  t.same((await stopping).survivors, [])
  t.same(carriers(cookie), [])
})

t.test('what an agent left behind gets SIGTERM before SIGKILL', async (t) => {
  const dir = t.testdir()
  const note = path.join(dir, 'note')
  const { target, child } = await victim(
    t,
    `setsid sh -c "trap 'echo asked >${note}; exit' TERM; echo >$READY; while :; do sleep 0.05; done" & wait`.replace(
      '$READY',
      '\\$READY',
    ),
  )
  const exit = once(child, 'exit')
  process.kill(target.identity.pid, 'SIGKILL')
  await exit
  t.same((await stop([target])).survivors, [])
  t.equal(textOf(note), 'asked\n')
})

t.test('a recycled pid is never signalled', async (t) => {
  const { cookie, target } = await victim(t, 'sleep 300 & echo >"$READY"; wait', false)
  const earlier: Identity = { ...target.identity, start: '1' }
  const before = carriers(cookie)
  const report = await stop([{ identity: earlier, cookie: null }])
  t.same(report, { signalled: [], survivors: [] })
  t.same(carriers(cookie), before, 'neither the process of that pid nor its children')
})

t.test('an identity of another boot is never signalled', async (t) => {
  const { cookie, target } = await victim(t, 'echo >"$READY"; exec sleep 300', false)
  const report = await stop([{ identity: { ...target.identity, bootId: 'another' }, cookie: null }])
  t.same(report.signalled, [])
  t.equal(carriers(cookie).length, 1)
})

t.test('spared pids are not signalled, though they carry the cookie', async (t) => {
  const { cookie, target, told } = await victim(t, `setsid sh -c 'echo $$ >"$READY"; exec sleep 300' & wait`)
  const tool = Number(told)
  t.same((await stop([target], { spare: new Set([tool]) })).survivors, [])
  // For a moment, while it starts its program, nobody can see what it carries.
  await until('it alone is alive', () => String(carriers(cookie)) === String(tool))
})

t.test('an agent that is spared is told as a survivor; the others are stopped', async (t) => {
  const spared = await victim(t, 'echo >"$READY"; exec sleep 300')
  const other = await victim(t, 'echo >"$READY"; exec sleep 300')
  const { pid } = spared.target.identity
  const spare = new Set([pid])
  t.same(await stop([spared.target], { spare }), { signalled: [], survivors: [pid] })
  const both = await stop([spared.target, other.target], { spare })
  t.same(both, { signalled: [other.target.identity.pid], survivors: [pid] })
  t.same(carriers(spared.cookie), [pid])
  t.same(carriers(other.cookie), [])
  const gone = { ...spared.target, identity: { ...spared.target.identity, start: '1' } }
  t.same(await stop([gone], { spare }), { signalled: [], survivors: [] }, 'its pid is somebody else now')
})

t.test('what cannot be killed is told', async (t) => {
  const { target } = await victim(t, 'echo >"$READY"; exec sleep 300')
  const powerless: ProcessTable = { ...table, signal: async () => false }
  t.same(await stop([target], { table: powerless, clock: quickClock }), {
    signalled: [],
    survivors: [target.identity.pid],
  })
})

t.test('what became another user’s hears no signal, so it is not waited for', async (t) => {
  const { target } = await victim(t, 'echo >"$READY"; exec sleep 300')
  const closed: ProcessTable = { ...table, signal: async () => false, maySignal: () => false }
  const begin = performance.now()
  const { survivors } = await stop([target], { table: closed, graceMs: 60_000 })
  t.same(survivors, [target.identity.pid])
  t.ok(performance.now() - begin < 30_000, 'it did not take its grace')
})

t.test('with nothing to stop, nothing is looked at', async (t) => {
  const blind: ProcessTable = { ...table, processes: () => Promise.reject(new Error('looked')) }
  t.same(await stop([], { table: blind }), { signalled: [], survivors: [] })
})
