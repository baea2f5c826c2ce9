import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are told apart in /proc')
  process.exit()
}

t.test(
  'questions outlive what kills services, calls and wires: none is lost, doubled or answered twice',
  async (t) => {
    const script = path.join(PROJECT, 'scripts/soak-asks.ts')
    const few = ['--asks', '12', '--parked', '3', '--runs', '2', '--kills', '2', '--cuts', '2', '--seed', '7']
    // Without what tap gives its children: what is killed there tells no coverage, and is tried elsewhere.
    const env = ['PATH', 'HOME', 'TEST_FILE_ID'].map((name) => `${name}=${process.env[name]}`)
    const child = spawn('env', ['-i', ...env, process.execPath, script, ...few], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.teardown(() => child.kill())
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk
      })
    const [status] = await once(child, 'close')
    t.equal(status, 0, output)
    t.match(output, / 9 answers heard, 3 runs parked and gone on, /)
  },
)
