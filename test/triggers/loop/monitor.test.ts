import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/base/clock.ts'
import { linuxTable } from '../../../src/processes/linux.ts'
import { COOKIE } from '../../../src/processes/table.ts'
import {
  type CommandDeps,
  commandCookie,
  endCommand,
  gateWord,
  type LoopCommand,
  runCommand,
} from '../../../src/triggers/loop/monitor.ts'
import { carriers } from '../../helpers/processes.ts'
import { until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

const deps: CommandDeps = {
  table: linuxTable(),
  clock: systemClock,
  logger: pino({ level: 'silent' }),
  graceMs: 1000,
  ownCookie: null,
}
const NEVER = new AbortController().signal

/** A directory of its own, and how a command runs in it. */
function place(t: Test) {
  const workspace = t.testdir({})
  const cookie = commandCookie(workspace)
  const commandOf = (line: string, changes: Partial<LoopCommand> = {}): LoopCommand => ({
    argv: ['/bin/sh', '-c', line],
    workspace,
    env: { PATH: process.env.PATH, ...changes.env },
    cookie,
    timeoutMs: changes.timeoutMs ?? 60_000,
  })
  return {
    workspace,
    cookie,
    commandOf,
    run: (line: string, changes: Partial<LoopCommand> = {}, signal = NEVER) =>
      runCommand(commandOf(line, changes), deps, signal),
    /** 0 as long as there is none. */
    pidIn(file: string) {
      const full = path.join(workspace, file)
      return existsSync(full) ? Number(readFileSync(full, 'utf8')) : 0
    },
  }
}

const isGone = async (pid: number) => {
  const info = await deps.table.inspect(pid)
  return info === null || info.state === 'zombie'
}

t.test('a command runs in the workspace, by a shell, with the given environment alone', async (t) => {
  const { workspace, cookie, run } = place(t)
  const { durationMs, ...result } = await run(`pwd; echo "$WORD $HOME $${COOKIE}"; exit 3`, {
    env: { WORD: 'hi' },
  })
  t.strictSame(result, { end: 'exited', status: 3, output: `${workspace}\nhi  ${cookie}`, survivors: [] })
  t.ok(durationMs < 30_000)
})

t.test('what it says on stderr stands below, if there is any', async (t) => {
  const { run } = place(t)
  t.match(await run('echo bad >&2; echo good'), { output: 'good\n[stderr]\nbad' })
  t.match(await run('echo bad >&2'), { output: '[stderr]\nbad' })
  t.match(await run('true'), { output: '', status: 0 })
})

t.test('it reads nothing, and a signal is its status', async (t) => {
  const { run } = place(t)
  t.match(await run('cat; kill -TERM $$'), { end: 'exited', status: -15, output: '' })
})

t.test('one that hangs is ended when its time is over, with all that it started', async (t) => {
  const { run, pidIn } = place(t)
  // A shell that lives on says of its children by which signal they ended.
  const line =
    "exec 2>/dev/null; trap '' INT TERM; sleep 300 & echo $! >child; echo begun; while :; do sleep 0.05; done"
  const result = await run(line, { timeoutMs: 2000 })
  t.match(result, { end: 'timed_out', status: null, survivors: [], output: 'begun\n[ended after 2 s]' })
  t.ok(await isGone(pidIn('child')))
})

t.test('one that is stopped ends at once', async (t) => {
  const { run, workspace, pidIn } = place(t)
  const stop = new AbortController()
  const result = run('echo $$ >self; exec sleep 300', {}, stop.signal)
  await until('it runs', () => pidIn('self') > 0)
  stop.abort()
  t.match(await result, { end: 'stopped', status: null, output: '[stopped]', survivors: [] })
  t.ok(await isGone(pidIn('self')))
  writeFileSync(path.join(workspace, 'self'), '0')
  t.match(await run('echo $$ >self', {}, stop.signal), { end: 'stopped', output: '' })
  t.equal(pidIn('self'), 0, 'whoever is stopped already starts nothing')
})

t.test('daemons are ended with it, also those that hide', async (t) => {
  const { run, pidIn, cookie } = place(t)
  const daemons = [
    'setsid sleep 300 & echo $! >one',
    "(setsid sh -c 'echo $$ >two; exec sleep 300' &) &",
    'env -i PATH="$PATH" setsid sh -c \'echo $$ >three; exec sleep 300\' &',
    '(env -i PATH="$PATH" setsid sh -c \'trap "" INT TERM HUP; echo $$ >four; while :; do sleep 0.05; done\' &) &',
    'until [ -s one ] && [ -s two ] && [ -s three ] && [ -s four ]; do sleep 0.02; done; echo ready',
  ].join('\n')
  // The time is for a busy machine; they hold the output open, and nobody waits for that.
  t.match(await run(daemons), { end: 'exited', status: 0, output: 'ready', survivors: [] })
  for (const file of ['one', 'two', 'three', 'four'])
    t.ok(pidIn(file) > 0 && (await isGone(pidIn(file))), file)
  t.strictSame(carriers(`${COOKIE}=${cookie}`), [])
})

t.test('of a gigabyte the end is kept, and no more memory is taken than that', async (t) => {
  const { run } = place(t)
  // What the tools of a test hold is not what this takes.
  const before = process.memoryUsage.rss()
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 50)
  const result = await run("head -c 1073741824 /dev/zero | tr '\\0' x; echo; echo the end", {
    timeoutMs: 600_000,
  })
  clearInterval(watch)
  t.match(result, { end: 'exited', status: 0, survivors: [] })
  const [first, xs, last] = result.output.split('\n')
  t.strictSame([first, last], ['[1073692681 bytes cut]', 'the end'])
  t.ok(/^x+$/.test(String(xs)))
  t.ok(result.output.length < 49_152 + 50)
  t.ok(most - before < 200_000_000, `${Math.round((most - before) / 1_000_000)} MB more`)
})

t.test('one that never stops writing on either side is ended in time', async (t) => {
  const { run } = place(t)
  const result = await run('yes >&2 & yes', { timeoutMs: 2000 })
  t.match(result, { end: 'timed_out', survivors: [] })
  t.match(
    result.output,
    /^\[\d+ bytes cut\]\ny\n[\s\S]*y\n\[stderr\]\n\[\d+ bytes cut\]\ny\n[\s\S]*\n\[ended after 2 s\]$/,
  )
  t.ok(result.output.length < 66_000)
})

t.test('broken UTF-8 is text with what is broken replaced', async (t) => {
  const { run } = place(t)
  t.match(await run("printf 'a\\377\\303z\\342\\202'"), { output: 'a\ufffd\ufffdz\ufffd' })
})

t.test('one that cannot be started says so', async (t) => {
  const { run, commandOf } = place(t)
  t.match(await run('a\0b'), { end: 'failed_to_start', status: null, output: /^\[not started: .*null bytes/ })
  const nowhere = { ...commandOf('true'), workspace: '/nowhere/at/all' }
  t.match(await runCommand(nowhere, deps, NEVER), {
    end: 'failed_to_start',
    output: /^\[not started: .*ENOENT/,
  })
})

t.test('one that nobody sees is found by what it carries', async (t) => {
  const { commandOf, pidIn } = place(t)
  const blind = { ...deps, table: { ...deps.table, inspect: async () => null } }
  const line = 'echo $$ >self; exec sleep 300'
  t.match(await runCommand(commandOf(line, { timeoutMs: 300 }), blind, NEVER), { end: 'timed_out' })
  await until('it is gone', () => carriers(`${COOKIE}=${commandOf('').cookie}`).length === 0)
  t.ok(await isGone(pidIn('self')))
})

t.test('whatever still holds its output open once it is over is not waited for', async (t) => {
  const { commandOf, cookie } = place(t)
  // Nobody finds what it left behind, as with that of another user.
  const table = { ...deps.table, processes: async () => [] }
  const line = 'sleep 300 & echo said'
  const result = await runCommand(commandOf(line), { ...deps, table }, NEVER)
  t.match(result, { end: 'exited', status: 0, output: 'said' })
  t.not(carriers(`${COOKIE}=${cookie}`).length, 0)
  t.strictSame(await endCommand(cookie, deps), [])
})

t.test('what an earlier life of the service left is ended, and nothing else', async (t) => {
  const { workspace, commandOf, cookie, pidIn } = place(t)
  const other = { ...commandOf(''), workspace: path.join(workspace, 'other'), cookie: `${cookie}0` }
  mkdirSync(other.workspace)
  const stop = new AbortController()
  const line = [
    'echo $$ >self',
    'env -i PATH="$PATH" setsid sh -c \'echo $$ >hidden; exec sleep 300\' &',
    'until [ -s hidden ]; do sleep 0.02; done',
    'touch ready; exec sleep 300',
  ].join('\n')
  const running = runCommand(commandOf(line), deps, NEVER)
  const bystander = runCommand({ ...other, argv: ['/bin/sh', '-c', line] }, deps, stop.signal)
  await until('both run', () => pidIn('hidden') > 0 && pidIn('other/hidden') > 0)
  t.strictSame(await endCommand(cookie, deps), [])
  t.match(await running, { end: 'exited' })
  t.ok((await isGone(pidIn('self'))) && (await isGone(pidIn('hidden'))))
  t.notOk((await isGone(pidIn('other/self'))) || (await isGone(pidIn('other/hidden'))))
  stop.abort()
  await bystander
  t.strictSame(await endCommand(cookie, deps), [], 'where nothing is left, nothing is to be done')
})

t.test('a gate says go, nothing to do, or that it failed', async (t) => {
  const { run } = place(t)
  t.equal(gateWord(await run('true')), 'go')
  t.equal(gateWord(await run('echo no mail; exit 75')), 'nothing_to_do')
  for (const line of ['exit 1', 'kill -9 $$', 'exit 76']) t.equal(gateWord(await run(line)), 'failed', line)
  t.equal(gateWord(await run('sleep 300', { timeoutMs: 100 })), 'failed')
})
