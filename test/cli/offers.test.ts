import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'
import { PROJECT } from '../helpers/service.ts'

t.test('runs are offered by id, with what people call them', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const { url } = service
  service.add({ outcome: 'exited', return_code: 1, name: 'Fix\tthe\u001b[2J login' })
  Reflect.deleteProperty(service.add(), 'name')
  service.add({ run_id: '$(reboot)-0000-4000-8000-000000000001' })
  t.equal(
    (await runCommand(['completion', 'runs'], { url })).out,
    '02000000 /repo (running)\n01000000 Fix the␛[2J login (exited 1)\n',
    'and nothing that a shell would carry out',
  )
  t.equal((await runCommand(['completion', 'live'], { url })).out, '02000000 /repo (running)\n')
})

t.test('agents are offered by name, with their version, or what is wrong', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const { url } = service
  service.agents = [
    { name: 'codex', default: true, version: '0.169.0', problem: null },
    { name: 'claude', default: false, version: null, problem: null },
    { name: 'opencode', default: false, version: null, problem: 'not\u001b[2J installed' },
    { name: '$(reboot)', default: false, version: null, problem: null },
  ]
  t.equal(
    (await runCommand(['completion', 'agents'], { url })).out,
    'codex 0.169.0, default\nclaude unknown version\nopencode not␛[2J installed\n',
    'and nothing that a shell would carry out',
  )
})

t.test('loops are offered by name, with what they do', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const loops = [
    { name: 'tidy', state: 'running' },
    { name: '$(reboot)', state: 'idle' },
  ]
  service.interrupt((_request, response) => void response.end(JSON.stringify({ loops })))
  t.equal((await runCommand(['completion', 'loops'], { url: service.url })).out, 'tidy running\n')
})

t.test('without a service none are offered, and nothing is said', async (t) => {
  const url = 'http://127.0.0.1:1'
  for (const what of ['runs', 'live', 'agents', 'loops'])
    t.match(await runCommand(['completion', what], { url }), { status: 0, out: '', err: '' }, what)
})

/** The command on PATH, as shells find it, and the service that it asks. */
async function setUp(test: Test) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  service.add({ outcome: 'exited', return_code: 0, name: 'Fix it' })
  service.add()
  service.agents = ['codex', 'claude'].map((name) => ({ name, default: false, version: '1', problem: null }))
  const dir = test.testdir({ 'a b': { 'c d.txt': '' } })
  const bin = path.join(dir, 'bin')
  mkdirSync(bin)
  const command = `exec '${process.execPath}' '${PROJECT}/bin/looper.js' "$@"`
  writeFileSync(path.join(bin, 'looper'), `#!/bin/sh\n${command}\n`)
  chmodSync(path.join(bin, 'looper'), 0o755)
  const env = { ...process.env, LOOPER_URL: service.url, PATH: `${bin}:${process.env.PATH}`, HOME: dir }
  return { dir, env }
}

async function scriptFor(shell: string, dir: string): Promise<string> {
  const file = path.join(dir, `completion.${shell}`)
  writeFileSync(file, (await runCommand(['completion', shell])).out)
  return file
}

/** What a shell answers; asynchronous, because the service that it asks lives in this process. */
async function answerOf(program: string, args: string[], options: object, input = ''): Promise<string> {
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stdin.end(input)
  await once(child, 'close')
  return out
}

t.test('bash offers the ids of runs, of a live one to stop, and agents', async (t) => {
  const { dir, env } = await setUp(t)
  const script = await scriptFor('bash', dir)
  const offers = async (...words: string[]) => {
    const ask = `. '${script}'; COMP_WORDS=(looper ${words.join(' ')} ''); COMP_CWORD=${words.length + 1}; _looper
      printf '%s\\n' "\${COMPREPLY[@]}" | grep '^[^-]'`
    return (await answerOf('bash', ['-c', ask], { cwd: dir, env })).trim().split('\n')
  }
  for (const name of ['show', 'logs', 'rerun', 'open'])
    t.strictSame(await offers(name), ['02000000', '01000000'])
  t.strictSame(await offers('stop'), ['02000000'])
  t.strictSame(await offers('run', 'x', '--resume'), ['02000000', '01000000'])
  t.strictSame(await offers('run', 'x', '--agent'), ['codex', 'claude'])
  t.strictSame(await offers('run', 'x', '--agent', '='), ['codex', 'claude'])
})

t.test('in bash a name with spaces is completed as it has to be written', async (t) => {
  const { dir, env } = await setUp(t)
  if (process.platform !== 'linux' || spawnSync('script', ['--version']).error)
    return t.comment('no script(1) of util-linux: a terminal is not tried')
  const script = await scriptFor('bash', dir)
  const typed = [
    `. '${script}'`,
    `looper() { printf 'GOT<%s>' "$@"; echo; }`,
    'looper run x --workspace a\t',
    'looper run x --workspace "a\t',
    'looper run x --workspace=a\t',
    'looper run x --prompt-file a\\ b/c\t',
    'exit',
    '',
  ].join('\n')
  const bash = 'bash --noprofile --norc -i'
  const out = await answerOf(
    'script',
    ['-qec', bash, '/dev/null'],
    { cwd: dir, env: { ...env, PS1: '', TERM: 'dumb', HISTFILE: '/dev/null' } },
    typed,
  )
  const got = out.match(/GOT<run>GOT<x>\S* ?.*/g)?.map((line) => line.replace('GOT<run>GOT<x>', '').trim())
  t.strictSame(got, [
    'GOT<--workspace>GOT<a b/>',
    'GOT<--workspace>GOT<a b/>',
    'GOT<--workspace=a b/>',
    'GOT<--prompt-file>GOT<a b/c d.txt>',
  ])
})

t.test('fish offers ids with names, and names of files', async (t) => {
  const { dir, env } = await setUp(t)
  if (spawnSync('fish', ['--version']).error) return t.comment('fish is not installed here')
  const script = await scriptFor('fish', dir)
  const offers = async (line: string) =>
    (
      await answerOf('fish', ['--no-config', '-c', `source '${script}'; complete -C '${line}'`], {
        cwd: dir,
        env,
      })
    )
      .trim()
      .split('\n')
  t.strictSame(await offers('looper show 0'), ['02000000\ta run (running)', '01000000\tFix it (exited 0)'])
  t.strictSame(await offers('looper stop 0'), ['02000000\ta run (running)'])
  t.strictSame(await offers('looper run x --resume 0'), [
    '02000000\ta run (running)',
    '01000000\tFix it (exited 0)',
  ])
  t.strictSame(await offers('looper run x --resume=0'), [
    '--resume=02000000\ta run (running)',
    '--resume=01000000\tFix it (exited 0)',
  ])
  t.strictSame(await offers('looper run x --agent '), ['codex\t1', 'claude\t1'])
  t.match(await offers('looper run x --workspace a'), ['a b/\tDirectory'])
  t.match(await offers('looper token '), ['add', 'list', 'revoke'])
})
