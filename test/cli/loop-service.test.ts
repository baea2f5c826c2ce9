import { execFile } from 'node:child_process'
import path from 'node:path'
import t from 'tap'
import { COUNTING, SCRIPT, setUpLoops } from '../helpers/loop-service.ts'
import { PROJECT } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test(
  'the command makes, follows, changes, hints, looks at and stops a loop of a real service',
  async (t) => {
    const { service, workspace } = await setUpLoops(t, COUNTING)
    const looper = (...args: string[]) =>
      new Promise<{ status: number; out: string; err: string }>((resolve) => {
        const env = { PATH: process.env.PATH, HOME: workspace, LOOPER_URL: service().url }
        const command = path.join(PROJECT, 'bin/looper.js')
        execFile(process.execPath, [command, 'loop', ...args], { env, cwd: workspace }, (error, out, err) =>
          resolve({ status: Number(error?.code ?? 0), out, err }),
        )
      })
    const made = await looper(
      'new',
      'one',
      '--prompt',
      SCRIPT,
      '--workspace',
      workspace,
      '--interval-seconds',
      '0',
      '--max-iterations',
      '2',
    )
    t.match(made, { status: 0, out: /^Made loop one\n/ })
    t.match(await looper('new', 'one', '--prompt', 'x'), { status: 1, err: /there is a loop one already/ })
    t.match(await looper('hint', 'one', '# look twice'), {
      status: 0,
      out: 'The next round of one is told: # look twice\n',
    })
    const followed = await looper('start', 'one', '--follow')
    t.match(followed, { status: 0, err: '' })
    t.match(
      followed.out,
      /^one .*\nRound 1: done, .*, 7 tokens, .*: # said 1\nRound 2: done, .*: # said 2\none has ended after round 2 of 2: 2 rounds are done\n$/,
    )
    t.match(await looper('history', 'one', '--limit', '1'), {
      status: 0,
      out: /^ROUND .*\n2 +done .* # said 2\n$/,
    })
    const set = await looper('set', 'one', '--max-iterations', 'unlimited', '--interval-seconds', '3600')
    t.match(set, { status: 0, out: /^Changed interval_seconds, max_iterations of loop one/ })
    t.match(await looper('status', 'one'), { out: /\nrounds +2\n/ })
    t.match(await looper('pause', 'one'), { status: 1, err: /has ended/ })
    t.match(await looper('start', 'one'), { status: 0 })
    t.match(await looper('stop', 'one'), { status: 0, out: /has ended after .*: somebody stopped it\n$/ })
    t.match(await looper('status'), { out: /^NAME .*\none +ended, stopped / })
    t.match(await looper('start', 'none'), { status: 66, err: /there is no loop none/ })
  },
)
