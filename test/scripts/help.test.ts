import { spawnSync } from 'node:child_process'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from '../helpers/service.ts'

/** Nothing of what records coverage: benches and soak are no part of it. */
const CLEAN = ['-i', `PATH=${process.env.PATH}`]
const SCRIPTS = [
  'scripts/demo.ts',
  'scripts/soak.ts',
  'scripts/hook-test.ts',
  'scripts/send-zulip-dm.ts',
  'bench/all.ts',
  'bench/trigger.ts',
]

for (const script of SCRIPTS) {
  t.test(`${script} tells how it is used, and refuses what it does not know`, async (t) => {
    const run = (option: string) =>
      spawnSync(
        'env',
        [...CLEAN, `HOME=${t.testdir()}`, process.execPath, path.join(PROJECT, script), option],
        {
          encoding: 'utf8',
        },
      )
    t.match(run('--help'), { status: 0, stdout: /^Usage: .*\n\n/, stderr: '' })
    const { status, stdout, stderr } = run('--no-such-option')
    t.match({ status, stdout, stderr }, { status: 2, stdout: '', stderr: /'--no-such-option'.*\n\nUsage: /s })
    t.notMatch(stderr, /\n {4}at /, 'no stack trace')
  })
}
