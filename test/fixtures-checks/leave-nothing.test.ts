import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import { PROJECT, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'the mark is looked for in /proc')
  process.exit()
}

const GUARD = path.join(PROJECT, 'test/helpers/leave-nothing.js')
/** Nobody may take a zombie away. */
const isAlive = (pid: number) => /\) [^ZX] /.test(textOf(`/proc/${pid}/stat`))

for (const end of ['process.exit()', "process.kill(process.pid, 'SIGKILL')"]) {
  t.test(`what a test file started does not outlive it: ${end}`, async (t) => {
    const file = path.join(
      t.testdir({
        'file.mjs': `
          import { spawn } from 'node:child_process'
          const child = spawn('setsid', ['-f', 'sh', '-c', 'echo $$; exec sleep 300'], {
            detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
          child.stdout.on('data', (chunk) => process.stdout.write(chunk, () => { ${end} }))`,
      }),
      'file.mjs',
    )
    const child = spawn(process.execPath, ['--import', GUARD, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(child.stdout, 'data')
    const pid = Number(line)
    t.ok(pid > 0)
    await until('it is gone', () => !isAlive(pid))
  })
}
