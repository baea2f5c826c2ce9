import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { PROJECT, spawnService, until } from './helpers/service.ts'

/** Tells on stdout what is loaded. */
const TELLING =
  "data:text/javascript,import { registerHooks } from 'node:module';" +
  "registerHooks({ load(url, context, next) { console.log('loaded', url); return next(url, context) } })"

t.test('until it listens, the service loads nothing that only later work needs', async (t) => {
  const logDir = t.testdir()
  const child = spawnService({ CODEX_EXEC_LOG_DIR: logDir, HOME: logDir }, [
    '--import',
    TELLING,
    path.join(PROJECT, 'src/start.js'),
  ])
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  await until('it listens', () => /listens on/.test(output))
  t.match(output, /loaded \S+node_modules\/fastify\//)
  const found = /loaded \S+node_modules\/(typebox|ajv\/dist\/core|zulip-js|execa|ps-list|tree-kill)\b/.exec(
    output,
  )
  t.equal(found?.[1], undefined)
  child.kill('SIGTERM')
  t.strictSame(await once(child, 'exit'), [0, null])
  t.ok(
    existsSync(path.join(PROJECT, 'node_modules/.cache/looper')),
    'compiled code is kept for the next start',
  )
})
