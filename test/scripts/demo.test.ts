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

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends the demo in the middle of a run, and nothing of it is left`, async (t) => {
    // Nothing of what records coverage: the demo is no part of it.
    const clean = [
      '-i',
      `PATH=${process.env.PATH}`,
      `HOME=${t.testdir()}`,
      `TEST_FILE_ID=${process.env.TEST_FILE_ID}`,
    ]
    const child = spawn('env', [...clean, process.execPath, path.join(PROJECT, 'scripts/demo.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
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
