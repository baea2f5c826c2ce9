import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { loadLater } from '../../src/base/load-later.ts'
import { startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { PROJECT, spawnService, until } from '../helpers/service.ts'

t.test('a part is loaded once, when it is needed', async (t) => {
  let loads = 0
  const part = loadLater(['prom-client'], async () => ++loads)
  t.equal(part.isWanted(), false)
  t.equal(loads, 0)
  t.strictSame(await Promise.all([part.load(), part.load()]), [1, 1])
  t.equal(await part.load(), 1)
  t.equal(part.isWanted(), true)
})

t.test('a part that could not be loaded is tried again', async (t) => {
  let tries = 0
  const part = loadLater([], async () => {
    if (++tries < 3) throw new Error('EMFILE')
    return tries
  })
  await t.rejects(Promise.all([part.load(), part.load()]), { message: 'EMFILE' })
  t.equal(part.isWanted(), false)
  await t.rejects(part.load(), { message: 'EMFILE' })
  t.equal(await part.load(), 3)
  await t.rejects(loadLater(['no-such-package'], async () => 1).load(), { code: 'MODULE_NOT_FOUND' })
})

t.test('a service whose packages are being replaced works again as soon as they are there', async (t) => {
  // Not below the project, whose own packages would be found.
  const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-packages-'))
  t.teardown(() => rmSync(dir, { recursive: true }))

  for (const name of ['src', 'package.json'])
    cpSync(path.join(PROJECT, name), path.join(dir, name), { recursive: true })
  const packages = path.join(dir, 'node_modules')
  mkdirSync(path.join(packages, '@fastify'), { recursive: true })
  const names = readdirSync(path.join(PROJECT, 'node_modules'))
  const scoped = readdirSync(path.join(PROJECT, 'node_modules/@fastify')).map((name) => `@fastify/${name}`)
  for (const name of [...names, ...scoped]) {
    const own = path.join(PROJECT, 'node_modules', name)
    if (name !== '@fastify' && !name.startsWith('.')) symlinkSync(own, path.join(packages, name))
  }
  const lost = ['prom-client', '@fastify/swagger', 'zulip-js']
  for (const name of lost) renameSync(path.join(packages, name), path.join(packages, `${name}-lost`))

  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const { email, key } = zulip.account
  const logs = path.join(dir, 'logs')
  const child = spawnService(
    {
      CODEX_EXEC_LOG_DIR: logs,
      HOME: logs,
      ZULIP_SITE: zulip.url,
      ZULIP_BOT_EMAIL: email,
      ZULIP_BOT_API_KEY: key,
      CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
    },
    [path.join(dir, 'src/main.ts')],
  )
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  await until('it listens', () => /listens on/.test(output))
  const [, url = ''] = /listens on (\S+)/.exec(output) ?? []
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ zulip_message: 'x', codex_prompt: '', workspace: dir })
  const statuses = () =>
    Promise.all([
      fetch(`${url}/metrics`).then(({ status }) => status),
      fetch(`${url}/openapi.json`).then(({ status }) => status),
      fetch(`${url}/docs`).then(({ status }) => status),
      fetch(`${url}/run`, { method: 'POST', headers, body }).then(({ status }) => status),
    ])
  t.strictSame(await statuses(), [500, 500, 500, 500])
  for (const name of lost) renameSync(path.join(packages, `${name}-lost`), path.join(packages, name))
  t.strictSame(await statuses(), [200, 200, 200, 200])
  t.equal(zulip.messages.length, 1)
})
