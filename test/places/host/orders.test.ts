import { spawnSync } from 'node:child_process'
import path from 'node:path'
import t from 'tap'
import { limitOf } from '../../../src/processes/mark.ts'
import { PROJECT, textOf } from '../../helpers/service.ts'

const skip = spawnSync('prlimit', ['--version']).error ? 'prlimit (util-linux) is not installed' : false

for (const [name, limit, hasMark] of [
  ['a run is marked', 'unlimited:unlimited', true],
  ['a run of a service inside a run has a mark of its own', '200000:unlimited', true],
  ['under a hard limit a run has no mark, and begins all the same', '200000:200000', false],
] as const) {
  t.test(name, { skip }, (t) => {
    const dir = t.testdir()
    const code = `import { writeOrders } from '${path.join(PROJECT, 'src/places/host/orders.ts')}'
      writeOrders('${dir}/a-run', { workspace: '/', logPath: '/dev/null', argv: ['true'], stdin: null, env: {} })`
    const args = [`--rttime=${limit}`, process.execPath, '--input-type=module', '-e', code]
    t.equal(spawnSync('prlimit', args, { stdio: 'inherit' }).status, 0)
    t.match(textOf(path.join(dir, 'a-run.orders')), `\nlooper_mark=${hasMark ? limitOf('a-run', dir) : ''}\n`)
    t.end()
  })
}
