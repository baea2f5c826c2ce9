import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import { findObstacles } from '../fixtures/real-codex.ts'
import { carriers } from '../helpers/processes.ts'
import { PROJECT, until } from '../helpers/service.ts'

const obstacle = findObstacles().toRun
if (obstacle || process.platform !== 'linux') {
  t.plan(0, `the demo does not run on this machine: ${obstacle ?? process.platform}`)
  process.exit()
}

/** Nothing of what records coverage: the demo is no part of it. */
function startDemo(home: string) {
  const env = ['-i', `PATH=${process.env.PATH}`, `HOME=${home}`, `TEST_FILE_ID=${process.env.TEST_FILE_ID}`]
  return spawn('env', [...env, process.execPath, path.join(PROJECT, 'scripts/demo.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

t.test('the demo explains the complaints of codex as such, and ends with what to do next', async (t) => {
  const child = startDemo(t.testdir())
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  t.same(await once(child, 'close'), [0, null])
  const all = output.split('\n')
  const complaints = all.filter((line) => /(?<!own )warning:| ERROR /.test(line))
  t.not(complaints.length, 0)
  for (const line of complaints) t.match(line, /^ {3}codex │ /)
  t.match(output, /│ warning: Model metadata.*\n +└ codex's own warning/)
  t.match(output, /What next:\n {2}npm start /)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends the demo in the middle of a run, and nothing of it is left`, async (t) => {
    const child = startDemo(t.testdir())
    t.teardown(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    await until('its first run', () => output.includes('codex runs as pid'))
    const exit = once(child, 'exit')
    child.kill(signal)
    t.same(await exit, [1, null])
    t.match(output, `${signal}: stopping`)
    t.same(carriers(`CODEX_EXEC_LOG_DIR=${path.join(PROJECT, 'logs/demo')}\0`), [])
  })
}
