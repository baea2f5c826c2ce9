import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { settleTrailer, watch } from '../../src/runs/watch.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'
import { exhaustDescriptors } from '../helpers/shortage.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

t.test('the wrapper’s word is the end, and what outlived the agent is stopped and told', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy('setsid sleep 300 & sleep 0.1; exit 3')
  const report = await watch(run, heart.deps)
  t.match(report, { returnCode: 3, survivors: [] })
  t.equal(report.leftovers.length, 1)
  t.same(carriers(run.runId), [])
})

/** A run, as soon as its agent is in a session of its own. */
async function sleeping(heart: ReturnType<typeof heartOf>) {
  const run = await heart.leftBy('sleep 300')
  await until('it sleeps', () => carriers(run.runId).length === 2)
  return run
}

/** A clock whose time passes as soon as somebody waits for it. */
function hurried(): Clock {
  let time = 0
  return {
    ...systemClock,
    monotonic: () => time,
    async sleep(ms, signal) {
      time += ms
      await systemClock.sleep(1, signal)
    },
  }
}

/** As an earlier life's run is watched: nobody listens at its pipe. */
const UNHEARD = { status: Promise.resolve(null), complete: Promise.resolve(false) }
const WAIT = 'until [ -e go ]; do sleep 0.02; done'

t.test('where nobody listens, the state file tells the status', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy(`${WAIT}; exit 4`)
  const watched = watch({ ...run, ...UNHEARD }, heart.deps)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await watched, { returnCode: 4, leftovers: [], survivors: [] })
  t.match(textOf(run.logPath), /\n# codex_exec_return_code=4\n$/)
})

t.test('where log and wrapper are gone, the tree is stopped all the same', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy(`setsid sleep 300 & ${WAIT}`)
  process.kill(run.wrapper.pid, 'SIGKILL')
  rmSync(run.logPath)
  await until('its tool runs', () => carriers(run.runId).length >= 2)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await watch(run, heart.deps), { returnCode: null, survivors: [] })
  t.same(carriers(run.runId), [])
  t.match(heart.eventsOf('run.log.fail'), [{ error: 'it was removed or replaced' }])
})

t.test('a word that is still on its way when everything else is gone is heard', async (t) => {
  const heart = heartOf(t)
  const run = await sleeping(heart)
  process.kill(run.wrapper.pid, 'SIGKILL')
  process.kill(-run.agent.pid, 'SIGKILL')
  rmSync(run.statePath)
  const late = Promise.withResolvers<number | null>()
  const place = {
    wordOf(runId: string) {
      // The look that finds nothing any more.
      setImmediate(() => setImmediate(() => late.resolve(3)))
      return heart.deps.place.wordOf(runId)
    },
  }
  t.match(await watch({ ...run, status: late.promise }, { ...heart.deps, place }), { returnCode: 3 })
})

t.test('what an agent prints is no status, whoever is gone', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy("printf '\\n# codex_exec_return_code=0\\n'; kill -9 $PPID; exit 3")
  t.match(await watch(run, heart.deps), { returnCode: null })
  t.match(textOf(run.logPath), /=0\n\n# codex_exec_return_code=unknown\n$/)
})

t.test('a log that cannot be written is told', async (t) => {
  const { deps, dir, eventsOf } = heartOf(t)
  settleTrailer(path.join(dir, 'x'.repeat(300)), 3, deps.logger)
  t.match(eventsOf('run.log.fail'), [{ error: /ENAMETOOLONG/ }])
})

t.test('a wrapper that was killed behind its word left its status, and its log is completed', async (t) => {
  const heart = heartOf(t)
  const run = await sleeping(heart)
  process.kill(run.wrapper.pid, 'SIGKILL')
  process.kill(-run.agent.pid, 'SIGKILL')
  const state = textOf(run.statePath).trimEnd()
  writeFileSync(run.statePath, `${state}\nstatus 7\n`)
  t.match(await watch(run, heart.deps), { returnCode: 7 })
  t.match(textOf(run.logPath), /\n# codex_exec_return_code=7\n$/)
})

t.test(
  'a wrapper that hangs while its agent is gone is continued, and waited for no longer than told',
  async (t) => {
    const heart = heartOf(t)
    const stopped = await sleeping(heart)
    process.kill(stopped.wrapper.pid, 'SIGSTOP')
    process.kill(-stopped.agent.pid, 'SIGKILL')
    t.match(await watch(stopped, heart.deps), { returnCode: -9 }, 'one that was stopped')

    const hung = await sleeping(heart)
    process.kill(hung.wrapper.pid, 'SIGSTOP')
    process.kill(-hung.agent.pid, 'SIGKILL')
    const clock = hurried()
    // Nothing continues it.
    const table = { ...heart.deps.table, signal: async () => false }
    t.match(await watch(hung, { ...heart.deps, table, clock }), { returnCode: null })
    t.ok(clock.monotonic() >= 7000 && clock.monotonic() < 20_000, `${clock.monotonic()} ms`)
    t.match(heart.eventsOf('run.state.fail'), [{ error: 'the wrapper does not tell the status' }])
    t.notMatch(textOf(hung.logPath), /return_code/, 'it may still write the trailer')
  },
)

t.test('a look that fails ends nothing: it is taken again, and told once', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy(`setsid sleep 300 & ${WAIT}; exit 7`)
  let isBlind = true
  const { table } = heart.deps
  const blind = async <T>(look: () => Promise<T>): Promise<T> => {
    if (isBlind) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
    return look()
  }
  const watched = watch(run, {
    ...heart.deps,
    table: {
      ...table,
      isAlive: (identity) => blind(() => table.isAlive(identity)),
      processes: () => blind(() => table.processes()),
    },
  })
  let isOver = false
  const over = watched.finally(() => {
    isOver = true
  })
  await until('it is told', () => heart.eventsOf('run.watch.fail').length > 0)
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.equal(await run.status, 7)
  await heart.deps.clock.sleep(600)
  t.equal(isOver, false, 'nobody has seen yet that nothing is left')
  isBlind = false
  const report = await over
  t.match(report, { returnCode: 7, survivors: [] })
  t.equal(report.leftovers.length, 1)
})

t.test('no descriptors for the state file are no verdict', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy('exit 7')
  await run.complete
  const isAlive = async () => false
  const watched = watch({ ...run, ...UNHEARD }, { ...heart.deps, table: { ...heart.deps.table, isAlive } })
  const restore = await exhaustDescriptors(t, process.pid)
  await until('it is told', () => heart.eventsOf('run.watch.fail').length > 0)
  t.match(heart.eventsOf('run.watch.fail'), [{ error: /EMFILE/ }])
  await restore()
  t.match(await watched, { returnCode: 7 })
})

t.test('a state file that nobody can read keeps no run of the dead from its end', async (t) => {
  const heart = heartOf(t)
  const run = await heart.leftBy('exit 7')
  await run.complete
  const { place: host } = heart.deps
  const place = { wordOf: () => host.wordOf('x'.repeat(300)) }
  const clock = hurried()
  t.match(await watch({ ...run, ...UNHEARD }, { ...heart.deps, place, clock }), { returnCode: null })
  t.ok(clock.monotonic() >= 5000, `${clock.monotonic()} ms`)
  t.match(heart.eventsOf('run.state.fail'), [{ error: /ENAMETOOLONG/ }])
})

t.test('a state file that cannot be read is read again, and for the dead not without end', async (t) => {
  if (process.getuid?.() === 0) return t.plan(0, 'root may read everything')
  const heart = heartOf(t)
  const run = await heart.leftBy('exit 7')
  await run.complete
  chmodSync(run.statePath, 0)
  const watched = watch({ ...run, ...UNHEARD }, heart.deps)
  await heart.deps.clock.sleep(600)
  chmodSync(run.statePath, 0o600)
  t.match(await watched, { returnCode: 7 })
  chmodSync(run.statePath, 0)
  t.match(await watch({ ...run, ...UNHEARD }, heart.deps), { returnCode: null })
  t.match(heart.eventsOf('run.state.fail'), [{ error: /EACCES/ }])
})
