import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { LaunchSpec, PlacePlugin } from '../../src/places/place.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

/** A place, and the module that exports it by this name: a service of its own opens it there, and is killed. */
export interface PlaceCase {
  readonly place: PlacePlugin
  readonly module: string
  readonly name: string
}

const OPENER = path.join(import.meta.dirname, '../fixtures/place-opener.ts')
const logger = pino({ enabled: false })
const TRAILER = (status: number) => `\n# codex_exec_return_code=${status}\n`

/** What the port promises, held against one place: real processes, and a service that dies. */
export function testPlace({ place: plugin, module, name }: PlaceCase): void {
  const table = linuxTable()

  function setUp(test: Test) {
    const dir = test.testdir({ workspace: {} })
    const stateDir = path.join(dir, 'states')
    const workspace = path.join(dir, 'workspace')
    const mark = `place-${randomUUID()}`
    const open = () => {
      const place = plugin.open({ stateDir, table, clock: systemClock })
      test.teardown(() => place.close())
      return place
    }
    const place = open()
    const specOf = (
      runId: string,
      argv: readonly string[],
      more: Partial<LaunchSpec> = {},
      command: Partial<LaunchSpec['command']> = {},
    ): LaunchSpec => {
      const logPath = path.join(dir, `${runId}.log`)
      writeFileSync(logPath, '', { flag: 'a' })
      return {
        runId,
        workspace,
        logPath,
        // The last one is by what nothing outlives its test.
        env: { PATH: process.env.PATH, MARK: mark, TEST_FILE_ID: process.env.TEST_FILE_ID },
        assertAllowed: () => undefined,
        command: { argv, stdin: null, env: {}, files: {}, ...command },
        ...more,
      }
    }
    const launch = (...of: Parameters<typeof specOf>) => place.launch(specOf(...of))
    const shell = (code: string, runId = 'one') => launch(runId, ['sh', '-c', code])
    const logOf = (runId = 'one') => readFileSync(path.join(dir, `${runId}.log`), 'utf8')
    const go = (file = 'go') => writeFileSync(path.join(workspace, file), '')
    return { dir, stateDir, workspace, mark, open, place, specOf, launch, shell, logOf, go }
  }

  const waitFor = (file = 'go') => `until [ -e ${file} ]; do sleep 0.02; done`

  t.test('both are alive and known as soon as it is launched', async (t) => {
    const { shell, go, place } = setUp(t)
    const { agent, wrapper, status } = await shell(waitFor())
    for (const who of [agent, wrapper]) t.match(await table.inspect(who.pid), who)
    t.match(place.wordOf('one'), { agent, wrapper, status: null, isComplete: false })
    t.same(place.runs(), ['one'])
    go()
    t.equal(await status, 0)
  })

  for (const [what, code, status] of [
    ['an agent that ends well', 'exit 0', 0],
    ['an agent that fails', 'exit 3', 3],
    ['an agent that ends by a signal', 'kill -TERM $$', -15],
    ['an agent that is killed', 'kill -KILL $$', -9],
  ] as const) {
    t.test(`${what} has its status told, kept, and at the end of its log`, async (t) => {
      const { shell, logOf, place } = setUp(t)
      const run = await shell(`echo said; ${code}`)
      t.equal(await run.status, status)
      t.equal(await run.complete, true)
      t.match(place.wordOf('one'), { status, isComplete: true })
      t.equal(logOf(), `said\n${TRAILER(status)}`)
    })
  }

  t.test('the output is in the log byte by byte, from both streams', async (t) => {
    const { dir, workspace, shell } = setUp(t)
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 256))
    bytes[bytes.length - 1] = 0x0a
    writeFileSync(path.join(workspace, 'bytes'), bytes)
    const { complete } = await shell('cat bytes; cat bytes >&2')
    t.equal(await complete, true)
    const whole = Buffer.concat([bytes, bytes, Buffer.from(TRAILER(0))])
    t.ok(readFileSync(path.join(dir, 'one.log')).equals(whole))
  })

  t.test('arguments and environment arrive as they are', async (t) => {
    const { specOf, place, logOf, mark } = setUp(t)
    const hostile = ['', ' ', 'a\nb', '"', "'", '$HOME $(id) `id`', '\\', '-n', '*', 'ü\u2028', '\x1b[31m']
    const argv = [process.execPath, '-p', 'JSON.stringify([process.argv.slice(1), process.env])', '--']
    const env = { ...specOf('one', []).env, GONE: 'gone', ODD: 'a\n"b" $c' }
    const { complete } = await place.launch(
      specOf('one', [...argv, ...hostile], { env }, { env: { ADDED: ' $x\n', GONE: null } }),
    )
    await complete
    const [line = ''] = logOf().split('\n')
    const [seen, environment]: [string[], NodeJS.ProcessEnv] = JSON.parse(line)
    t.strictSame(seen, hostile)
    t.match(environment, { MARK: mark, ADDED: ' $x\n', ODD: 'a\n"b" $c', LOOPER_RUN_ID: 'one' })
    t.notOk('GONE' in environment)
  })

  t.test('what an agent reads is all there, and nothing where it was given nothing', async (t) => {
    const { launch, logOf } = setUp(t)
    const big = 'line of input\n'.repeat(80_000)
    await (await launch('one', ['sh', '-c', 'wc -c'], {}, { stdin: big })).complete
    t.equal(logOf().split('\n')[0]?.trim(), `${big.length}`)
    await (await launch('two', ['sh', '-c', 'wc -c'])).complete
    t.equal(logOf('two').split('\n')[0]?.trim(), '0')
  })

  t.test('an agent begins in its workspace, and has nothing else open', async (t) => {
    const { shell, workspace, logOf } = setUp(t)
    const code = 'pwd; ls /proc/$$/fd'
    // Whoever started the tests may have left something open for all.
    const anywhere = execFileSync('sh', ['-c', code], { cwd: workspace, stdio: ['ignore', 'pipe', 'ignore'] })
    await (await shell(code)).complete
    t.equal(logOf(), `${anywhere}${TRAILER(0)}`)
    t.match(logOf(), `${workspace}\n0\n1\n2\n`)
  })

  t.test('private files are there for the agent alone, until the run is forgotten', async (t) => {
    const { launch, place, logOf } = setUp(t)
    const dir = place.dirOf('one')
    const file = path.join(dir, 'settings.json')
    await (await launch('one', ['cat', file], {}, { files: { [file]: 'private' } })).complete
    t.match(logOf(), /^private\n/)
    t.equal(statSync(file).mode & 0o777, 0o600)
    t.equal(statSync(dir).mode & 0o777, 0o700)
    place.tidy('one')
    place.forget('one', logger)
    t.notOk(existsSync(dir))
    t.same(place.runs(), [])
    t.strictSame(place.wordOf('one'), { agent: null, wrapper: null, status: null, isComplete: false })
    t.doesNotThrow(() => place.forget('one', logger), 'also twice')
  })

  t.test('what must not be launched any more is not, and leaves nothing', async (t) => {
    const { launch, place, mark, workspace } = setUp(t)
    const assertAllowed = () => {
      throw new Error('not any more')
    }
    const file = path.join(place.dirOf('one'), 'private')
    const more = { files: { [file]: 'private' } }
    await t.rejects(launch('one', ['touch', 'began'], { assertAllowed }, more), { message: 'not any more' })
    t.same(place.runs(), [])
    t.notOk(existsSync(file))
    await until('nothing of it lives', () => carriers(mark).length === 0)
    t.notOk(existsSync(path.join(workspace, 'began')))
  })

  t.test('a workspace that is not there is told as such, and leaves nothing', async (t) => {
    const { launch, place, dir } = setUp(t)
    await t.rejects(launch('one', ['true'], { workspace: path.join(dir, 'gone') }), {
      code: 'LOOPER_WORKSPACE_INVALID',
    })
    t.same(place.runs(), [])
  })

  t.test('a program that is not there ends the run with 127', async (t) => {
    const { launch, logOf } = setUp(t)
    const { status, complete } = await launch('one', ['/no/such/program'])
    t.equal(await status, 127)
    await complete
    t.match(logOf(), TRAILER(127))
  })

  t.test('runs side by side have nothing of each other', async (t) => {
    const { shell, logOf, place } = setUp(t)
    const ids = ['one', 'two', 'three']
    const runs = await Promise.all(
      ids.map((runId, i) => shell(`echo "$LOOPER_RUN_ID"; sleep 0.1; exit ${i}`, runId)),
    )
    t.same(await Promise.all(runs.map(({ status }) => status)), [0, 1, 2])
    await Promise.all(runs.map(({ complete }) => complete))
    for (const [i, runId] of ids.entries()) t.equal(logOf(runId), `${runId}\n${TRAILER(i)}`)
    t.same(place.runs().toSorted(), ids.toSorted())
  })

  t.test('what was prepared begins as anything else, and ends with the place', async (t) => {
    const { place, specOf, logOf, mark } = setUp(t)
    const spec = specOf('one', ['sh', '-c', 'echo "$LOOPER_RUN_ID"'])
    place.prepare(spec.env)
    t.equal(await (await place.launch(spec)).complete, true)
    t.equal(logOf(), `one\n${TRAILER(0)}`)
    place.prepare(spec.env)
    await place.close()
    await until('nothing waits', () => carriers(mark).length === 0)
  })

  t.test('everything that an agent starts carries the cookie, whatever session it is in', async (t) => {
    const { shell, go } = setUp(t)
    const runId = randomUUID()
    const cookie = `LOOPER_RUN_ID=${runId}`
    const { agent, status } = await shell(
      `setsid sh -c '${waitFor('all')}' & sh -c 'setsid sh -c "${waitFor('all')}" &'; ${waitFor()}`,
      runId,
    )
    await until('all of them', () => carriers(cookie).length >= 3)
    t.ok(carriers(cookie).includes(agent.pid))
    go()
    t.equal(await status, 0, 'who stays behind does not hold up the end')
    t.ok(carriers(cookie).length >= 2)
    go('all')
    await until('all ended', () => carriers(cookie).length === 0)
  })

  t.test('a place that is closed leaves its runs alone', async (t) => {
    const { shell, place, open, go, logOf } = setUp(t)
    const { agent } = await shell(`${waitFor()}; echo after`)
    await place.close()
    t.match(await table.inspect(agent.pid), agent)
    go()
    const later = open()
    await until('the end', () => later.wordOf('one').isComplete)
    t.equal(logOf(), `after\n${TRAILER(0)}`)
  })

  for (const [when, code, isEnded] of [
    ['while its agent works', `${waitFor()}; echo after; exit 4`, false],
    ['and its agent ends before the next begins', 'echo after; exit 4', true],
  ] as const) {
    t.test(`a service is killed ${when}: a later one finds the run`, async (t) => {
      const { open, specOf, stateDir, logOf, go, dir } = setUp(t)
      const { assertAllowed: _, ...spec } = specOf('one', ['sh', '-c', code])
      const service = spawn(
        process.execPath,
        [OPENER, JSON.stringify({ module, name, stateDir, spec, told: path.join(dir, 'told') })],
        { stdio: 'inherit' },
      )
      t.teardown(() => service.kill('SIGKILL'))
      await until('the launch', () => textOf(path.join(dir, 'told')).endsWith('\n'))
      service.kill('SIGKILL')
      const told = JSON.parse(textOf(path.join(dir, 'told')))
      const later = open()
      if (isEnded) await until('the end', () => later.wordOf('one').isComplete)
      t.same(later.runs(), ['one'])
      t.match(later.wordOf('one'), told)
      t.equal(await later.isAnybodyToTell(), false)
      go()
      await until('its end', () => later.wordOf('one').isComplete)
      t.equal(later.wordOf('one').status, 4)
      t.equal(logOf(), `after\n${TRAILER(4)}`)
    })
  }

  t.test('a run of which nothing was ever told has no word', (t) => {
    const { place, stateDir } = setUp(t)
    t.strictSame(place.wordOf('nobody'), { agent: null, wrapper: null, status: null, isComplete: false })
    mkdirSync(stateDir, { recursive: true })
    t.same(place.runs(), [])
    t.end()
  })
}
