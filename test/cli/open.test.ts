import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand, startCommand } from '../helpers/command.ts'
import { textOf, until } from '../helpers/service.ts'

const URL = 'http://127.0.0.1:9'
const linux = { platform: 'linux' } as const

/** A program in the place of the one that opens addresses. */
function opener(test: Test, name: string, script: string) {
  const dir = test.testdir()
  const file = path.join(dir, name)
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$*" >'${dir}/opened'\n${script}\n`)
  chmodSync(file, 0o755)
  const env = { PATH: `${dir}:${process.env.PATH}`, DISPLAY: ':0' }
  return { dir, env, opened: () => textOf(path.join(dir, 'opened')) }
}

/** One that stays, as a browser does. */
function browser(test: Test) {
  const { dir, env } = opener(test, 'xdg-open', 'echo $$ >"$0.pid"; exec sleep 60')
  const pid = () => Number(textOf(path.join(dir, 'xdg-open.pid')))
  const begun = async () => {
    await until('it has begun', () => pid() > 0)
    const own = pid()
    test.teardown(() => process.kill(own))
  }
  return { env, begun }
}

t.test('the dashboard is opened, or one run in it', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const run = service.add()
  const { url } = service
  const { env, opened } = opener(t, 'xdg-open', 'exit 0')
  t.match(await runCommand(['open'], { url, env, world: linux }), {
    status: 0,
    out: '',
    err: `looper: opened ${url}/\n`,
  })
  t.equal(opened(), `${url}/\n`)
  await runCommand(['open', '01'], { url, env, world: linux })
  t.equal(opened(), `${url}/#/runs/${run.run_id}\n`)
  t.match(await runCommand(['open', 'ff'], { url, env, world: linux }), { status: 66 })
})

t.test('on a Mac it needs no display', async (t) => {
  const { env, opened } = opener(t, 'open', 'exit 0')
  const mac = { platform: 'darwin' } as const
  t.match(await runCommand(['open'], { url: URL, env: { PATH: env.PATH }, world: mac }), {
    status: 0,
    out: '',
  })
  t.equal(opened(), `${URL}/\n`)
})

t.test('where nothing can open it the address is printed', async (t) => {
  const told = { status: 0, out: `${URL}/\n`, err: 'looper: found no browser; open this address:\n' }
  const failing = opener(t, 'xdg-open', 'exit 3')
  t.match(await runCommand(['open'], { url: URL, env: failing.env, world: linux }), told)
  const empty = { PATH: t.testdir(), WAYLAND_DISPLAY: 'w' }
  t.match(await runCommand(['open'], { url: URL, env: empty, world: linux }), told, 'no such program')
  const noDisplay = { PATH: failing.env.PATH }
  t.match(await runCommand(['open'], { url: URL, env: noDisplay, world: linux }), told, 'no display')
})

t.test('one that stays is the browser itself, and is not waited for', async (t) => {
  const { env, begun } = browser(t)
  const clock = { ...systemClock, sleep: begun }
  t.match(await runCommand(['open'], { url: URL, env, world: { ...linux, clock } }), { status: 0, out: '' })
})

t.test('Ctrl-C ends the wait', async (t) => {
  const { env, begun } = browser(t)
  const command = startCommand(['open'], { url: URL, env, world: linux })
  await begun()
  command.interrupt()
  t.equal((await command.ended).status, 130)
})
