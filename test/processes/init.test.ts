import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import { firstProcess, initWarnings } from '../../src/processes/init.ts'
import { PROJECT, until } from '../helpers/service.ts'

t.test('Node, and what starts it, is no init', async (t) => {
  for (const name of ['node', 'npm start', 'npx', 'yarn', 'pnpm']) t.equal(initWarnings(name).length, 1, name)
  for (const name of ['systemd', 'tini', 'docker-init', 'dumb-init', 'sh', 'init', 'nodeinit', '']) {
    t.strictSame(initWarnings(name), [], name)
  }
})

t.test('the first process is known by its name', async (t) => {
  const dir = t.testdir({ first: 'MainThread\n', other: 'tini\n' })
  t.equal(firstProcess(1, '/nowhere'), 'node', 'where it is this one')
  t.equal(firstProcess(2, path.join(dir, 'first')), 'node')
  t.equal(firstProcess(2, path.join(dir, 'other')), 'tini')
  t.equal(firstProcess(2, '/nowhere'), '')
  t.type(firstProcess(), 'string')
})

const inPidSpace = ['--pid', '--fork', '--mount-proc', '--kill-child']
const cannot =
  spawnSync('unshare', [...inPidSpace, 'true']).status !== 0 &&
  'only root, on Linux, can make a process the first one of its own space'

t.test(
  'a service that is process 1 says so at its start, and ends on SIGTERM',
  { skip: cannot },
  async (t) => {
    const logDir = t.testdir()
    const settings = [
      `CODEX_EXEC_LOG_DIR=${logDir}`,
      `HOME=${logDir}`,
      'LOOPER_PORT=0',
      'LOOPER_STOP_SCOPE=own',
    ]
    const node = [process.execPath, path.join(PROJECT, 'src/start.js')]
    const child = spawn('unshare', [...inPidSpace, 'env', ...settings, ...node], { cwd: logDir })
    t.teardown(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    await until('it listens', () => /listens on/.test(output))
    t.match(output, 'Note: Process 1 is node, and no init: processes that lose their parent stay as zombies.')
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
    process.kill(Number(stdout), 'SIGTERM')
    t.strictSame(await once(child, 'exit'), [0, null])
  },
)
