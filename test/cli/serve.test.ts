import { readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { World } from '../../src/cli/world.ts'
import { runCommand } from '../helpers/command.ts'
import { PROJECT } from '../helpers/service.ts'

/** Runs the command; what it would become is told instead. */
function setUp(test: Test, changes: Partial<World>) {
  const dir = test.testdir({ home: {} })
  const became: unknown[] = []
  const replaceProcess = (...given: unknown[]): never => {
    became.push(...given)
    throw new Error('replaced')
  }
  const env = { LOOPER_PORT: '0' }
  const world = { execPath: '/node', replaceProcess, home: path.join(dir, 'home'), ...changes }
  return { dir, became, env, serve: () => runCommand(['serve'], { env, world }) }
}

t.test('in a checkout it becomes what npm start does', async (t) => {
  const { dir, became, env, serve } = setUp(t, {})
  const { out } = await serve()
  t.match(out, /^Settings: the environment/)
  const start = path.join(PROJECT, 'src/start.js')
  t.strictSame([became[0], Object(became[1]).at(-1), became[2]], ['/node', start, env])
  t.strictSame(readdirSync(path.join(dir, 'home')), [], 'and makes nothing in the home')
})

t.test('as a package it reads and keeps everything below the home, closed to others', async (t) => {
  const home = path.join(t.testdir(), 'home/.looper')
  const { became, serve } = setUp(t, { packageDir: '/lib/looper', projectDir: home, isCheckout: false })
  const cache = path.join(home, 'cache')
  t.match((await serve()).out, `Settings: the environment (there is no ${home}/.env)\n`)
  t.strictSame(became.slice(0, 2), ['/node', ['/node', '/lib/looper/dist/start.js', cache]])
  t.equal(statSync(home).mode & 0o777, 0o700)
  writeFileSync(path.join(home, '.env'), '')
  t.equal((await serve()).out, `Settings: the environment, then ${home}/.env\n`)
  const args = ['/node', `--env-file=${home}/.env`, '/lib/looper/dist/start.js', cache]
  t.strictSame(became.slice(3, 5), ['/node', args])
})

t.test('what it cannot be is told, with the status of wrong settings', async (t) => {
  const { dir, became, serve } = setUp(t, { nodeVersion: '20.19.0' })
  t.match(await serve(), {
    status: 78,
    err: /^looper: Node 20\.19\.0 is too old for the service\nInstall Node 24/,
  })
  const file = path.join(dir, 'file')
  const closed = setUp(t, { projectDir: path.join(file, '.looper'), isCheckout: false })
  writeFileSync(file, '')
  t.match(await closed.serve(), {
    status: 78,
    err: /^looper: cannot create \S+\.looper: .*\nSet HOME to a directory/,
  })
  const elsewhere = setUp(t, { replaceProcess: undefined })
  t.match(await elsewhere.serve(), { status: 78, err: /^looper: / })
  t.strictSame(became, [])
})
