import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { linuxTable, parseStat } from '../../src/processes/linux.ts'
import { limitOf, ownerPart, runPart } from '../../src/processes/mark.ts'
import { lineage } from '../../src/processes/table.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'this table reads /proc')
  process.exit()
}

const NO_SUCH_PID = 4_194_304 // above the kernel's largest pid

t.test('a stat line is read from the last parenthesis on', (t) => {
  const stat = '42 (odd ) name (x) R) T 7 40 41 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 98765 1000 10'
  t.same(parseStat(stat, 'boot'), {
    bootId: 'boot',
    pid: 42,
    state: 'stopped',
    parent: 7,
    group: 40,
    session: 41,
    start: '98765',
    cpuTicks: 10,
  })
  t.equal(parseStat('42 (x) Z 7 40 41 0', 'boot').state, 'zombie')
  t.equal(parseStat('42 (x) S 7 40 41 0', 'boot').state, 'alive')
  t.end()
})

t.test('it works on this machine, and knows this very process', async (t) => {
  const table = linuxTable()
  await table.check()
  t.ok(table.maySignal(process.pid))
  const self = await table.inspect(process.pid)
  t.match(self, { pid: process.pid, parent: process.ppid, state: 'alive' })
  t.equal(self?.bootId, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  t.ok(self && (await table.isAlive(self)))
  t.ok(await table.isOwnUser(process.pid))
  t.notOk(await table.isOwnUser(NO_SUCH_PID))
  t.equal(await table.inspect(NO_SUCH_PID), null)
  t.equal(table.cookieOf(NO_SUCH_PID), null)
  t.ok([...(await table.processes())].some(({ pid }) => pid === process.pid))
})

t.test(
  'a process that begins while it looks is met, too; where one always does, it ends all the same',
  async (t) => {
    const table = (directories: (look: number) => string[]) => {
      let looks = 0
      return linuxTable({
        readDirectory: () => directories(++looks),
        readFile: (file) => Buffer.from(`${file.split('/')[2]} (link) S 1 1 1`),
      })
    }
    const pidsOf = async (chain: ReturnType<typeof table>) =>
      [...(await chain.processes())].map(({ pid }) => pid)
    const chain = table((look) => ['self', '5', '7', ...(look > 1 ? ['8'] : []), ...(look > 2 ? ['9'] : [])])
    t.same(await pidsOf(chain), [7, 5, 8, 9])
    t.equal((await pidsOf(table((look) => [String(look)]))).length, 50)
  },
)

t.test('arguments keep their boundaries', async (t) => {
  const child = spawn('/bin/sh', ['-c', 'sleep 300; :', 'two words', '', 'line\nbreak'], {
    detached: true,
    stdio: 'ignore',
  })
  t.teardown(() => process.kill(-(child.pid ?? 0)))
  await once(child, 'spawn')
  const table = linuxTable()
  const argvOf = async () => [...(await table.commands())].find(({ pid }) => pid === child.pid)?.argv
  await until('it runs', async () => (await argvOf())?.[0] === '/bin/sh')
  t.same(await argvOf(), ['/bin/sh', '-c', 'sleep 300; :', 'two words', '', 'line\nbreak'])
})

t.test('a cookie is read from the environment it was started with', async (t) => {
  const child = spawn('sleep', ['300'], { env: { ...process.env, LOOPER_RUN_ID: 'the-cookie' } })
  t.teardown(() => child.kill())
  await once(child, 'spawn')
  await until('it runs', () => linuxTable().cookieOf(child.pid ?? 0) === 'the-cookie')
})

t.test('a cookie is a whole variable, wherever it stands', async (t) => {
  const cookieIn = (environment: string) =>
    linuxTable({ kill: process.kill, readFile: () => Buffer.from(environment) }).cookieOf(1)
  t.equal(cookieIn('LOOPER_RUN_ID=a\0B=b\0'), 'a')
  t.equal(cookieIn('B=b\0LOOPER_RUN_ID=a=ü\0'), 'a=ü')
  t.equal(cookieIn('B=b\0LOOPER_RUN_ID=a'), 'a')
  t.equal(cookieIn('MY_LOOPER_RUN_ID=a\0B=LOOPER_RUN_ID=a\0'), null)
  t.equal(cookieIn('B=b\0'), null)
})

const skip = spawnSync('prlimit', ['--version']).error ? 'prlimit (util-linux) is not installed' : false

t.test('a mark outlives a cleared environment, a session of its own and its parent', { skip }, async (t) => {
  const table = linuxTable()
  const child = spawn(
    'prlimit',
    [
      `--rttime=${limitOf('a-run', '/logs')}:`,
      'sh',
      '-c',
      '(env -i PATH="$PATH" setsid sh -c \'echo $$; exec sleep 300 >/dev/null\' &)',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  let told = ''
  for await (const chunk of child.stdout) told += chunk
  const pid = Number(told)
  t.teardown(() => process.kill(pid, 'SIGKILL'))
  t.equal(table.cookieOf(pid), null)
  t.same(table.markOf(pid), { run: runPart('a-run'), owner: ownerPart('/logs') })
  t.equal(table.markOf(NO_SUCH_PID), null)
})

t.test('an unlimited process has no mark, nor has one on a system that does not tell limits', (t) => {
  const table = (limits: string) => linuxTable({ readFile: () => Buffer.from(limits) })
  t.equal(table('Max realtime timeout      unlimited            unlimited            us\n').markOf(1), null)
  t.equal(
    table('Max open files            1024                 4096                 files\n').markOf(1),
    null,
  )
  t.end()
})

t.test('a process that /proc hides is not gone, and that it hides them is told', async (t) => {
  const hiding = (code: string) =>
    linuxTable({
      readFile: (file) => {
        if (/^\/proc\/1\//.test(file)) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
        return readFileSync(file)
      },
      kill: () => {
        throw Object.assign(new Error(code), { code })
      },
    })
  const { bootId } = linuxTable()
  const first = { bootId, pid: 1, start: '1' }
  t.ok(await hiding('EPERM').isAlive(first))
  t.notOk(await hiding('ESRCH').isAlive(first))
  t.notOk(await hiding('EPERM').isAlive({ ...first, bootId: 'another' }))
  t.match(await hiding('EPERM').check(), /hidepid/)
  t.equal(await hiding('ESRCH').check(), null)
  t.notOk(await hiding('EPERM').signal(first, 'SIGKILL'), 'nobody knows whether it is the same')
  t.notOk(hiding('EPERM').maySignal(1))
})

t.test(
  'a process that is gone or closed reads as none; another failure is never taken for that',
  async (t) => {
    const failing = (code: string) => () =>
      linuxTable({
        kill: process.kill,
        readFile: () => {
          throw Object.assign(new Error(code), { code })
        },
      })
    t.equal(await failing('EACCES')().inspect(process.pid), null)
    await t.rejects(failing('ESRCH')().check(), { message: /proc is not readable/ })
    t.throws(failing('EMFILE'), { code: 'EMFILE' })
    t.same([...(await failing('EPERM')().commands())], [])
    t.same([...(await failing('EPERM')().processes())], [])
  },
)

t.test('a program that wrote its title over its arguments is read as it is', async (t) => {
  const table = linuxTable({ readFile: () => Buffer.from('nginx: worker process') })
  t.same([...(await table.commands())][0]?.argv, ['nginx: worker process'])
})

t.test(
  'a process that executes another program between two looks is seen as what it is by then',
  async (t) => {
    const table = linuxTable()
    const shell = spawn('/bin/sh', ['-c', 'read go; exec sleep 300'], { stdio: ['pipe', 'ignore', 'ignore'] })
    t.teardown(() => shell.kill('SIGKILL'))
    const argv = async () => [...(await table.commands())].find(({ pid }) => pid === shell.pid)?.argv
    await until('the shell is there', async () => (await argv())?.[0] === '/bin/sh')
    const before = shell.pid === undefined ? null : await table.inspect(shell.pid)
    shell.stdin?.write('\n')
    await until('it is another program', async () => (await argv())?.[0] === 'sleep')
    t.same(await argv(), ['sleep', '300'])
    t.ok(before && (await table.isAlive(before)), 'and it is the same process')
    shell.kill('SIGKILL')
    await once(shell, 'exit')
    t.equal(await argv(), undefined)
    t.notOk(before && (await table.isAlive(before)))
  },
)

t.test('a process that was started while the table is read is seen, too', async (t) => {
  const seen: number[] = []
  let child: ChildProcess | undefined
  for (const { pid } of await linuxTable().processes()) {
    child ??= spawn('sleep', ['300'])
    seen.push(pid)
  }
  child?.kill()
  t.ok(seen.includes(child?.pid ?? 0))
})

t.test('threads of the kernel are no processes: they have nothing to stop, and no environment', async (t) => {
  const stat = (flags: number) =>
    Buffer.from(`2 (kthreadd) S 0 0 0 0 -1 ${flags} 0 0 0 0 1 2 3 4 20 0 1 0 98765 0`)
  const table = (flags: number) => linuxTable({ kill: process.kill, readFile: () => stat(flags) })
  t.same([...(await table(0x0020_8040).processes())], [])
  t.match([...(await table(0x0040_0040).processes())][0], { pid: 2, start: '98765' })
})

t.test('lineage is the process and all its ancestors', async (t) => {
  const pids = await lineage(linuxTable(), process.pid)
  t.ok(pids.has(process.pid))
  t.ok(pids.has(process.ppid))
  t.same([...(await lineage(linuxTable(), NO_SUCH_PID))], [NO_SUCH_PID])
})

t.test('a signal reaches a whole session from its leader, and nobody of another identity', async (t) => {
  const table = linuxTable()
  const child = spawn('/bin/sh', ['-c', 'sleep 300 & wait'], { detached: true })
  const exit = once(child, 'exit')
  const identity = await table.inspect(child.pid ?? 0)
  if (!identity) throw new Error('no child')
  t.notOk(await table.signal({ ...identity, start: '1' }, 'SIGKILL'))
  t.notOk(await table.signal({ ...identity, pid: NO_SUCH_PID }, 'SIGKILL'))
  await until('its tool runs', async () =>
    [...(await table.processes())].some(({ parent }) => parent === child.pid),
  )
  t.ok(await table.signal(identity, 'SIGKILL'))
  await exit
  await until('nobody of its session is alive', async () =>
    [...(await table.processes())].every(({ session, state }) => session !== child.pid || state === 'zombie'),
  )
  t.notOk(await table.isAlive(identity))
  t.notOk(await table.signal(identity, 'SIGKILL'))
})

t.test('a signal to the first process of a container reaches it alone, not everybody', async (t) => {
  const sent: unknown[] = []
  const table = linuxTable({
    readFile: (file) =>
      Buffer.from(
        file.endsWith('boot_id') ? 'boot' : '1 (codex) S 0 1 1 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 7 0',
      ),
    kill: (...call) => sent.push(call),
  })
  t.ok(await table.signal({ bootId: 'boot', pid: 1, start: '7' }, 'SIGTERM'))
  t.same(sent, [[1, 'SIGTERM']])
})

t.test('a signal that is not allowed is told, one that is wrong is thrown', async (t) => {
  const failing = (code: string) =>
    linuxTable({
      readFile: (file) => readFileSync(file),
      kill: () => {
        throw Object.assign(new Error(code), { code })
      },
    })
  const self = await linuxTable().inspect(process.pid)
  if (!self) throw new Error('no self')
  t.notOk(await failing('EPERM').signal(self, 'SIGTERM'))
  t.notOk(await failing('ESRCH').signal(self, 'SIGTERM'))
  await t.rejects(failing('EINVAL').signal(self, 'SIGTERM'), { code: 'EINVAL' })
})

t.test(
  'what a process moved grows, its ended children included; of one that is gone or closed it is nothing',
  (t) => {
    const table = linuxTable()
    const before = table.movedBytesOf(process.pid)
    spawnSync('cat', ['/proc/cpuinfo', process.execPath], { stdio: 'ignore' })
    t.ok(table.movedBytesOf(process.pid) > before + 1_000_000)
    t.equal(table.movedBytesOf(2 ** 31 - 1), 0)
    const failing = (code: string) =>
      linuxTable({
        readFile: () => {
          throw Object.assign(new Error(code), { code })
        },
      })
    t.equal(failing('EACCES').movedBytesOf(1), 0)
    t.equal(failing('EACCES').startNow(), null)
    const broken = linuxTable({ readFile: () => Buffer.from('rchar: x\nwchar: -1\nno') })
    t.equal(broken.movedBytesOf(1), 0)
    t.equal(broken.startNow(), null)
    t.end()
  },
)

t.test('what begins now has the present as its start', async (t) => {
  const table = linuxTable()
  const before = Number(table.startNow())
  const child = spawn('sleep', ['300'])
  t.teardown(() => child.kill())
  await once(child, 'spawn')
  const start = Number((await table.inspect(child.pid ?? 0))?.start)
  t.ok(start >= before - 1 && start <= Number(table.startNow()) + 1, `${before} ${start}`)
})
