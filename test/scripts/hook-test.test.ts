import { spawnSync } from 'node:child_process'
import path from 'node:path'
import t, { type Test } from 'tap'
import { main } from '../../scripts/hook-test.ts'
import { PROJECT } from '../helpers/service.ts'

const HOOKS = {
  hooks: {
    ci: {
      kind: 'github',
      secret_env: 'CI_SECRET',
      when: { event: 'push' },
      message: 'hello {{who}}',
      prompt: 'fix {{who}}',
    },
    bare: { kind: 'github', message: 'x' },
  },
}

function setUp(test: Test) {
  const dir = test.testdir({
    'hooks.json': JSON.stringify(HOOKS),
    'payload.json': '{"who":"ada"}',
    'broken.json': '{',
  })
  const LOOPER_HOOKS_FILE = path.join(dir, 'hooks.json')
  const payload = path.join(dir, 'payload.json')
  const run = (args: string[], env: NodeJS.ProcessEnv = { LOOPER_HOOKS_FILE, CI_SECRET: 's' }) => {
    const said: string[] = []
    const complained: string[] = []
    const status = main(
      args,
      env,
      { projectDir: dir, home: dir },
      {
        say: (line) => said.push(line),
        complain: (line) => complained.push(line),
      },
    )
    return { status, said: said.join('\n'), complained: complained.join('\n') }
  }
  return { dir, payload, run, LOOPER_HOOKS_FILE }
}

t.test('it shows what a delivery would start', async (t) => {
  const { run, payload, LOOPER_HOOKS_FILE } = setUp(t)
  for (const answer of [
    run(['ci', payload, '--event', 'push']),
    run(['ci', payload, '--event', 'push', '--file', LOOPER_HOOKS_FILE], { CI_SECRET: 's' }),
    run(['ci', payload, '--event', 'push'], { LOOPER_HOOKS_FILE: '~/hooks.json', CI_SECRET: 's' }),
  ]) {
    t.equal(answer.status, 0)
    t.match(
      answer.said,
      /^It would ask for a run, whose workspace and program are checked when it comes:\n\ncodex_prompt:\n[\s\S]*fix ⟦ada⟧\n\nworkspace:\n\(the default one\)\n\nzulip_message:\nhello ada$/,
    )
  }
})

t.test('it says why a delivery would be ignored', async (t) => {
  const { run, payload } = setUp(t)
  t.match(run(['ci', payload]), { status: 0, said: 'It would be ignored: the event is not "push"' })
})

t.test('wrong use is told with what is right', async (t) => {
  const { run, payload, dir, LOOPER_HOOKS_FILE } = setUp(t)
  const wrong: [string[], NodeJS.ProcessEnv | undefined, string][] = [
    [[], undefined, 'Give NAME and a payload file'],
    [['ci'], undefined, 'Give NAME and a payload file'],
    [['ci', payload, 'more'], undefined, 'Give NAME and a payload file'],
    [['ci', payload], {}, 'set LOOPER_HOOKS_FILE'],
    [['other', payload], undefined, 'has no hook called other; it has: ci, bare'],
    [['ci', payload], { LOOPER_HOOKS_FILE }, 'the variable CI_SECRET (secret_env) is not set'],
    [['bare', payload], undefined, 'neither secret nor secret_env'],
    [['ci', path.join(dir, 'broken.json')], undefined, 'JSON'],
    [['ci', '/no/such.json'], undefined, 'ENOENT'],
  ]
  for (const [args, env, reason] of wrong) {
    const { status, complained } = run(args, env)
    t.equal(status, 2)
    t.ok(complained.includes(reason), `${reason}: ${complained}`)
    t.match(complained, 'Usage:')
  }
  t.match(run(['--help']), { status: 0, said: /^Usage: npm run hook:test/ })
})

t.test('as a program it reads the environment and sets its exit status', async (t) => {
  const { payload, LOOPER_HOOKS_FILE } = setUp(t)
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [path.join(PROJECT, 'scripts/hook-test.ts'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, LOOPER_HOOKS_FILE, CI_SECRET: 's' },
    })
  const good = run('ci', payload, '--event', 'push')
  t.equal(good.status, 0)
  t.match(good.stdout, 'hello ada')
  const bad = run()
  t.equal(bad.status, 2)
  t.match(bad.stderr, 'Give NAME')
})
