import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { assertSettled, endOf, parentOf, setUpFault, startOf } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'trees are read from /proc')
  process.exit()
}

const GRACE_SECONDS = 1
// One service for all rows: each leaves it as it found it, or the next one tells.
const { service, run, watch, workspace } = await setUpFault(t, {
  LOOPER_STOP_GRACE_SECONDS: String(GRACE_SECONDS),
})

/** As its first act it looks for processes of another run. */
const lookFor = (runId: string) =>
  `grep -lsa LOOPER_RUN_ID=${runId} /proc/[0-9]*/environ; echo looked; exec sleep 300`

const stateOf = (pid: number) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]

t.test('9: an agent that ignores SIGINT and SIGTERM is killed at the end of the grace', async (t) => {
  const first = await run(`trap '' INT TERM; echo deaf; while :; do sleep 0.1; done`)
  await until('it is deaf', () => textOf(first.log).includes('\ndeaf\n'))
  const begin = performance.now()
  const second = await run(lookFor(first.runId))
  const took = performance.now() - begin
  t.ok(took >= GRACE_SECONDS * 1000, `it had its grace (${Math.round(took)} ms)`)
  t.same(second.body.killed_codex_exec_pids, [first.pid])
  t.match(await endOf(service, first.runId), { outcome: 'replaced', return_code: -9 })
  await until('the new run', () => textOf(second.log).includes('\nlooked\n'))
  t.match(textOf(second.log), '\n\nlooked\n', 'nothing of the old one was there when it began')
  await assertSettled(t, service, watch, [second.runId])
})

const chain = path.join(workspace, 'chain.sh')
writeFileSync(chain, `trap '' INT TERM HUP\nsetsid sh ${chain} & sleep 0.02; exit`)
const storm = path.join(workspace, 'storm.sh')
writeFileSync(storm, `trap '' INT TERM HUP\nwhile :; do sleep 0.3 & setsid sleep 0.3 & sleep 0.02; done`)

const TREES: Readonly<Record<string, string>> = {
  'a grandchild in a session of its own': 'setsid sh -c "setsid sleep 300 & sleep 300" & sleep 300',
  'a daemon, forked twice': '(setsid sh -c "sleep 300 & exec sleep 300" &); sleep 300',
  'a child whose parent is gone': '(sleep 300 &); sleep 300',
  'a storm of forks': `for i in 1 2 3; do setsid sh ${storm} & done; sh ${storm}`,
  'a chain that forks anew in each generation': `setsid sh ${chain} & sleep 300`,
}

for (const [name, tree] of Object.entries(TREES)) {
  t.test(`10: nothing of ${name} is alive when the new run is spawned`, async (t) => {
    const first = await run(tree)
    await until('the tree stands', () => carriers(first.runId).length >= 3)
    const second = await run(lookFor(first.runId))
    t.same(second.body.remaining_codex_exec_pids, [])
    t.same(carriers(first.runId), [])
    await until('the new run', () => textOf(second.log).includes('\nlooked\n'))
    t.match(textOf(second.log), '\n\nlooked\n', 'nothing of the old one was there when it began')
    await assertSettled(t, service, watch, [second.runId])
  })
}

/** A daemon without the cookie; it writes down its pid. */
const hidden = `env -i PATH="$PATH" setsid sh -c 'echo $$ >daemon; exec sleep 300'`
const daemon = () => Number(textOf(path.join(workspace, 'daemon')))
const isAlive = (pid: number) => {
  try {
    return startOf(pid) !== ''
  } catch {
    return false
  }
}

t.test('11: a child that clears its environment is stopped while its parent can be seen', async (t) => {
  writeFileSync(path.join(workspace, 'daemon'), '')
  const first = await run(`${hidden} & wait`)
  await until('the daemon', () => daemon() > 0)
  const second = await run('exec sleep 300')
  t.same(second.body.remaining_codex_exec_pids, [])
  t.notOk(isAlive(daemon()))
  await assertSettled(t, service, watch, [second.runId])
  t.equal((await endOf(service, first.runId)).outcome, 'replaced')
})

const unmarked = spawnSync('prlimit', ['--version']).error ? 'prlimit (util-linux) is not installed' : false

t.test(
  '11: a child that clears its environment and leaves its parent is stopped',
  { skip: unmarked },
  async (t) => {
    writeFileSync(path.join(workspace, 'daemon'), '')
    const first = await run(`(${hidden} &); sleep 300`)
    await until('the daemon', () => daemon() > 0 && parentOf(daemon()) !== 0)
    const pid = daemon()
    t.teardown(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    })
    const second = await run('exec sleep 300')
    t.same(second.body.remaining_codex_exec_pids, [])
    t.notOk(isAlive(pid))
    await assertSettled(t, service, watch, [second.runId])
    t.equal((await endOf(service, first.runId)).outcome, 'replaced')
  },
)

t.test('11: the same, when the run ends by itself', { skip: unmarked }, async (t) => {
  writeFileSync(path.join(workspace, 'daemon'), '')
  const { runId } = await run(`(${hidden} &); until [ -s daemon ]; do sleep 0.02; done; exit 0`)
  t.match(await endOf(service, runId), { outcome: 'exited', return_code: 0 })
  t.notOk(isAlive(daemon()))
  await assertSettled(t, service, watch)
})

t.test('12: a stopped agent is continued, so that it can end politely, or killed', async (t) => {
  const polite = await run(`trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done`)
  await until('it is ready', () => textOf(polite.log).includes('\nready\n'))
  process.kill(polite.pid, 'SIGSTOP')
  await until('it is stopped', () => stateOf(polite.pid) === 'T')
  const deaf = await run(`trap '' INT TERM; echo ready; while :; do sleep 0.05; done`)
  t.match(await endOf(service, polite.runId), { outcome: 'replaced', return_code: 7 })
  await until('it is ready', () => textOf(deaf.log).includes('\nready\n'))
  process.kill(deaf.pid, 'SIGSTOP')
  await until('it is stopped', () => stateOf(deaf.pid) === 'T')
  const last = await run('exec sleep 300')
  t.match(await endOf(service, deaf.runId), { outcome: 'replaced', return_code: -9 })
  await assertSettled(t, service, watch, [last.runId])
})

t.test('12: a zombie agent counts as dead, and its stopped wrapper keeps nobody waiting', async (t) => {
  const first = await run('exec sleep 300')
  const wrapper = parentOf(first.pid)
  const start = startOf(wrapper)
  t.teardown(() => {
    if (isAlive(wrapper) && startOf(wrapper) === start) process.kill(wrapper, 'SIGCONT')
  })
  process.kill(wrapper, 'SIGSTOP')
  await until('its wrapper is stopped', () => stateOf(wrapper) === 'T')
  process.kill(first.pid, 'SIGKILL')
  // The watch lets the wrapper go on when it sees that: perhaps before we look.
  await until('it is a zombie, or was one', () => !isAlive(first.pid))
  const second = await run('exec sleep 300')
  t.equal(second.status, 200)
  t.same(second.body.killed_codex_exec_pids, [], 'nothing was there to be stopped')
  await assertSettled(t, service, watch, [second.runId])
})

t.test('13: a run ends when its main process exits, though a grandchild holds its output', async (t) => {
  const { runId, log } = await run('setsid sleep 300 & echo $! >holder; exit 3')
  t.match(await endOf(service, runId), { outcome: 'exited', return_code: 3, cause: null })
  t.match(textOf(log), /\n# codex_exec_return_code=3\n$/)
  t.notOk(isAlive(Number(textOf(path.join(workspace, 'holder')))), 'it was stopped with the run')
  await assertSettled(t, service, watch)
})
