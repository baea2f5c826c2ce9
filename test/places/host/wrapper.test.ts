import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { writeOrders } from '../../../src/places/host/orders.ts'
import { makeState, parseEnd, parseReport, parseStatus } from '../../../src/places/host/state-file.ts'
import { pipeOf, WRAPPER } from '../../../src/places/host/wrappers.ts'
import { mountSmallDisk } from '../../helpers/fault-disk.ts'
import { textOf, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'limits are set by prlimit')
  process.exit()
}

/** Every shell that may be `/bin/sh` somewhere, as far as it is here. */
const SHELLS: Readonly<Record<string, readonly [program: string, argv0: string, ...args: string[]]>> = {
  'the system’s sh': ['/bin/sh', 'sh'],
  dash: ['dash', 'dash'],
  'bash as sh': ['bash', 'sh'],
  'BusyBox ash': ['busybox', 'busybox', 'sh'],
}

interface Options {
  /** Where log and state lie. */
  readonly dir?: string
  /** What is put before the shell. */
  readonly prefix?: readonly string[]
  readonly script?: string
  /** Whether the service is gone, having told the run, before the wrapper says a word. */
  readonly isAlone?: boolean
}

/** A wrapper that has its orders: to run this shell code, once there is a file `go`. */
function start(
  test: Test,
  [program, argv0, ...args]: readonly string[],
  code: string,
  options: Options = {},
) {
  const { dir = test.testdir(), prefix = [], script = WRAPPER, isAlone = false } = options
  const stateDir = path.join(dir, 'states')
  const log = path.join(dir, 'log')
  const state = path.join(stateDir, 'run')
  mkdirSync(stateDir, { recursive: true })
  writeFileSync(log, 'header\n')
  makeState(state)
  const argv = ['sh', '-c', `until [ -e '${dir}/go' ]; do sleep 0.02; done; ${code}`]
  writeOrders(state, { workspace: '/', logPath: log, argv, stdin: null, env: {} })
  const shell = ['sh', '-c', 'exec "$@"', 'sh', ...prefix, 'bash', '-c', `exec -a "$0" "$@"`, String(argv0)]
  const child = spawn('env', [...shell, String(program), ...args, script, stateDir], {
    detached: true,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  test.teardown(() => child.exitCode ?? process.kill(-Number(child.pid), 'SIGKILL'))
  const pipe = pipeOf(child)
  if (!pipe) throw new Error('it did not start')
  const told = isAlone ? Promise.resolve('') : text(pipe)
  pipe.write('run\n', () => isAlone && pipe.destroy())
  if (isAlone) pipe.once('close', () => writeFileSync(path.join(dir, 'alone'), ''))
  const exit = once(child, 'exit')
  return {
    log,
    state,
    told,
    exit,
    go: () => writeFileSync(path.join(dir, 'go'), ''),
    /** Resolves as soon as the agent is there. */
    begun: () => until('its agent', () => parseReport(textOf(state)).agent !== null),
    wrapperPid: () => Number(parseReport(textOf(state)).wrapper?.pid),
  }
}

// Each one waits more than it works.
t.jobs = 4

const isHere = (program: string) => spawnSync(program, ['true']).error === undefined
const trailer = (status: number) => `\n# codex_exec_return_code=${status}\n`

for (const [name, shell] of Object.entries(SHELLS)) {
  t.test(
    name,
    { skip: !isHere(shell[0]) && `${shell[0]} is not installed`, jobs: 2, buffered: true },
    async (t) => {
      t.test('tells the status first, then completes the log', { buffered: true }, async (t) => {
        const run = start(t, shell, 'for fd in 3 4 5; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done; exit 3')
        run.go()
        await run.exit
        for (const words of [await run.told, textOf(run.state)]) {
          t.match(words, /^wrapper \d+ \d+ \S+\nagent \d+ \d+ \S+\nstatus 3\nend 3\n *$/)
        }
        t.equal(textOf(run.log), `header\n${trailer(3)}`, 'the agent has nothing of the wrapper’s open')
      })

      t.test(
        'goes on where the service dies before it could be told anything',
        { buffered: true },
        async (t) => {
          const dir = t.testdir()
          const prefix = ['sh', '-c', `until [ -e '${dir}/alone' ]; do sleep 0.02; done; exec "$@"`, 'sh']
          const run = start(t, shell, 'exit 3', { dir, prefix, isAlone: true })
          run.go()
          await run.exit
          t.match(textOf(run.state), /^wrapper \d+ \d+ \S+\nagent \d+ \d+ \S+\nstatus 3\nend 3\n *$/)
          t.equal(textOf(run.log), `header\n${trailer(3)}`)
        },
      )

      t.test('sets its trailer apart from a line without an end', { buffered: true }, async (t) => {
        const run = start(t, shell, 'printf "no end"; kill -9 $$')
        run.go()
        await run.exit
        t.equal(parseStatus(await run.told), -9)
        t.equal(textOf(run.log), `header\nno end\n${trailer(-9)}`)
      })

      t.test(
        'keeps the status where the log has reached its limit (ulimit -f)',
        { buffered: true },
        async (t) => {
          const code = 'trap "" XFSZ; head -c 50000 /dev/zero; exit 5'
          const run = start(t, shell, code, { prefix: ['prlimit', '--fsize=20000:20000'] })
          run.go()
          await run.exit
          t.equal(parseStatus(await run.told), 5)
          t.equal(parseEnd(await run.told), true, 'nobody need wait for the log')
          t.equal(parseStatus(textOf(run.state)), 5)
          t.equal(parseEnd(textOf(run.state)), false, 'which is not complete')
        },
      )

      t.test(
        'touches nothing that stands in the place of its log or its state',
        { buffered: true },
        async (t) => {
          for (const act of [
            'mkfifo',
            'mkdir',
            'ln -s /dev/zero',
            'ln -s /nowhere/at/all',
            'ln -s "$PWD/other"',
          ]) {
            const dir = t.testdir({ other: 'precious\n' })
            const files = `'${dir}/log' '${dir}/states/run'`
            const code = `cd '${dir}'; for f in ${files}; do rm "$f"; ${act} "$f"; done; exit 4`
            const run = start(t, shell, code, { dir })
            run.go()
            await run.exit
            t.match(await run.told, /\nstatus 4\nend 4\n$/, act)
            t.equal(textOf(path.join(dir, 'other')), 'precious\n')
          }
        },
      )

      t.test(
        'keeps the status on a full disk, and completes the log when there is room',
        { buffered: true },
        async (t) => {
          const disk = mountSmallDisk(t, 1)
          if (disk.kind === 'none') return t.plan(0, disk.why)
          const run = start(t, shell, 'cat /dev/zero; exit 6', { dir: disk.dir })
          await run.begun()
          run.go()
          t.match(await run.told, /\nstatus 6\nend 6\n$/)
          t.equal(parseStatus(textOf(run.state)), 6)
          t.equal(parseEnd(textOf(run.state)), false)
          rmSync(path.join(disk.dir, 'go'))
          execFileSync('truncate', ['-s', '100', run.log])
          await run.exit
          t.ok(textOf(run.log).endsWith(trailer(6)))
          t.equal(parseEnd(textOf(run.state)), true)
        },
      )

      t.test('keeps the status where it may not fork (ulimit -u)', { buffered: true }, async (t) => {
        if (process.getuid?.() !== 0) return t.plan(0, 'needs root, to become a user of its own')
        const nobody = 65_534
        const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-wrapper-'))
        t.teardown(() => rmSync(dir, { recursive: true }))
        const script = path.join(dir, 'wrapper.sh')
        copyFileSync(WRAPPER, script)
        chmodSync(script, 0o644)
        const user = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
        // Started as root, it would read what belongs to root.
        const run = start(t, shell, 'exit 7', {
          dir,
          script,
          prefix: ['sh', '-c', `until [ -e '${dir}/owned' ]; do sleep 0.02; done; exec "$@"`, 'sh', ...user],
        })
        for (const file of [dir, path.join(dir, 'states'), run.log, run.state, `${run.state}.orders`])
          chownSync(file, nobody, nobody)
        writeFileSync(path.join(dir, 'owned'), '')
        await run.begun()
        const [setpriv = '', ...as] = user
        execFileSync(setpriv, [...as, 'prlimit', '--pid', String(run.wrapperPid()), '--nproc=1:1'])
        run.go()
        t.match(await run.told, /\nstatus 7\n/)
        t.equal(parseStatus(textOf(run.state)), 7)
        await run.exit
      })
    },
  )
}

t.test('a wrapper that finds no place for its words begins no agent', async (t) => {
  const dir = t.testdir()
  const run = start(t, ['/bin/sh', 'sh'], 'touch began', {
    dir,
    prefix: ['sh', '-c', `rm '${dir}/states/run'; mkdir '${dir}/states/run'; exec "$@"`, 'sh'],
  })
  run.go()
  await run.exit
  t.equal(await run.told, '')
  t.notOk(existsSync(path.join(dir, 'began')))
})
