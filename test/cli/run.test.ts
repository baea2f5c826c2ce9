import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { type LoopbackLooper, refuse, startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand, startCommand } from '../helpers/command.ts'
import { startTestService, textOf, until } from '../helpers/service.ts'

async function setUp(test: Test) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  return { service, url: service.url }
}

/** What `POST /run` answers for a run. */
function answer(run: { run_id: string; request_id: string; pid: number | null; log_path: string | null }) {
  const launched = { pid: run.pid, log_path: run.log_path, command: 'codex', startup_return_code: null }
  return {
    ok: true,
    zulip_output: 'OK message_id=42',
    killed_codex_exec_pids: [],
    remaining_codex_exec_pids: [],
    workspace: '/repo',
    run_id: run.run_id,
    request_id: run.request_id,
    codex_exec_started: true,
    codex_exec_result: launched,
  }
}

/** Lets the service launch one run, which lives until the test ends it. */
function launching(service: LoopbackLooper) {
  const run = service.add({}, 'hello\n')
  service.onRun = () => ({ status: 200, body: answer(run) })
  return run
}

t.test('a run is asked for with the message and the repository of the current directory', async (t) => {
  const { service, url } = await setUp(t)
  const run = launching(service)
  const dir = t.testdir({ repo: { '.git': {}, a: { b: {} } } })
  const { status, out, err } = await runCommand(['run', 'Hello there'], {
    url,
    cwd: path.join(dir, 'repo/a/b'),
  })
  t.equal(status, 0)
  t.strictSame(service.asked[0]?.body, { zulip_message: 'Hello there', workspace: path.join(dir, 'repo') })
  t.equal(
    out,
    `Announced  OK message_id=42
Launched   01000000, pid ${run.pid}, in /repo
Log        ${run.log_path}
Follow it with: looper logs -f 01000000
`,
  )
  t.equal(err, '')
})

t.test('the agent, its model, its instructions and the run to go on from may be named', async (t) => {
  const { service, url } = await setUp(t)
  const before = service.add({ outcome: 'exited', return_code: 0 })
  launching(service)
  const words = ['--agent', 'claude', '--model', 'opus', '--system-prompt', 'Be brief.', '--resume', '01']
  t.equal((await runCommand(['run', 'x', '--workspace', '/', ...words], { url })).status, 0)
  t.strictSame(service.asked.at(-1)?.body, {
    zulip_message: 'x',
    workspace: '/',
    agent: 'claude',
    model: 'opus',
    system_prompt: 'Be brief.',
    resume: before.run_id,
  })
})

t.test('a workspace may be named; outside of any repository it is the current directory', async (t) => {
  const { service, url } = await setUp(t)
  launching(service)
  const dir = t.testdir({})
  const workspaces = async (...args: string[]) => {
    await runCommand(['run', 'x', ...args], { url, cwd: dir })
    return Reflect.get(Object(service.asked.at(-1)?.body), 'workspace')
  }
  t.equal(await workspaces('--workspace', 'sub'), path.join(dir, 'sub'))
  t.equal(await workspaces('--workspace', '/else'), '/else')
  t.equal(await workspaces('--workspace', '~/mine'), '~/mine')
  await runCommand(['run', 'x'], { url, cwd: '/' })
  t.match(service.asked.at(-1)?.body, { workspace: '/' })
})

t.test('in the checkout of Looper itself the service chooses the workspace', async (t) => {
  const { service, url } = await setUp(t)
  launching(service)
  const projectDir = t.testdir({ '.git': {}, src: {} })
  for (const cwd of [projectDir, path.join(projectDir, 'src')]) {
    await runCommand(['run', 'x'], { url, cwd, world: { projectDir } })
    t.strictSame(service.asked.at(-1)?.body, { zulip_message: 'x' })
  }
  await runCommand(['run', 'x', '--workspace', '.'], { url, cwd: projectDir, world: { projectDir } })
  t.match(service.asked.at(-1)?.body, { workspace: projectDir }, 'unless it is named')
  rmSync(path.join(projectDir, '.git'), { recursive: true })
  await runCommand(['run', 'x'], { url, cwd: path.join(projectDir, 'src'), world: { projectDir } })
  t.strictSame(
    service.asked.at(-1)?.body,
    { zulip_message: 'x' },
    'also where only its files are, as in an image',
  )
})

t.test('the prompt comes from an option, a file or stdin, to the byte', async (t) => {
  const { service, url } = await setUp(t)
  launching(service)
  const text = '\ufeff  -- "ünïcode" \n\n'
  const dir = t.testdir({ 'p.md': text })
  for (const [args, prompt] of [
    [['--prompt', 'Do it'], 'Do it'],
    [['--prompt=-x'], '-x'],
    [['--prompt-file', 'p.md'], text],
    [['--prompt-file', '-'], text],
    [['-'], text],
  ] as const) {
    t.equal((await runCommand(['run', 'x', ...args], { url, cwd: dir, stdin: text })).status, 0)
    t.match(service.asked.at(-1)?.body, { codex_prompt: prompt }, args.join(' '))
  }
})

t.test('a system prompt comes from an option, a file or stdin, to the byte', async (t) => {
  const { service, url } = await setUp(t)
  launching(service)
  const text = '\ufeff  Be "brïef" \n\n'
  const dir = t.testdir({ 's.md': text })
  for (const [args, more] of [
    [['--system-prompt', 'Be brief'], { system_prompt: 'Be brief' }],
    [['--system-prompt-file', 's.md'], { system_prompt: text }],
    [['--system-prompt-file', '-'], { system_prompt: text }],
    [['-', '--system-prompt-file', 's.md'], { codex_prompt: text, system_prompt: text }],
  ] as const) {
    const words = ['run', 'x', '--workspace', '/', ...args]
    t.equal((await runCommand(words, { url, cwd: dir, stdin: text })).status, 0)
    t.strictSame(service.asked.at(-1)?.body, { zulip_message: 'x', workspace: '/', ...more }, args.join(' '))
  }
})

t.test('an empty prompt announces and stops only', async (t) => {
  const { service, url } = await setUp(t)
  service.onRun = () => ({
    status: 200,
    body: {
      ...answer(service.add()),
      run_id: null,
      codex_exec_result: null,
      killed_codex_exec_pids: [7, 8],
      remaining_codex_exec_pids: [8],
    },
  })
  const { status, out, err } = await runCommand(['run', 'x', '--prompt', '', '--wait'], { url })
  t.equal(status, 0)
  t.match(out, 'Stopped    7, 8\nLaunched   nothing, because the prompt is empty\n')
  t.equal(err, 'looper: still alive: 8\n')
})

t.test('wrong use is told before anything is asked', async (t) => {
  const { service, url } = await setUp(t)
  const dir = t.testdir({ bad: Buffer.from([0xff]) })
  const cases: [string[], RegExp][] = [
    [['two', 'words'], /the message is one argument: put it in quotes/],
    [['x', '-', '--prompt', 'y'], /more than one prompt/],
    [['x', '--prompt', 'y', '--prompt-file', 'z'], /more than one prompt/],
    [['x', '--prompt-file', 'none'], /cannot read the prompt: ENOENT/],
    [['x', '--prompt-file', 'bad'], /the prompt in bad is not UTF-8/],
    [['x', '-'], /the prompt on stdin is not UTF-8/],
    [
      ['x', '--system-prompt', 'y', '--system-prompt-file', 'z'],
      /more than one system prompt: use only one of/,
    ],
    [['x', '--system-prompt-file', 'none'], /cannot read the system prompt: ENOENT/],
    [['x', '--system-prompt-file', 'bad'], /the system prompt in bad is not UTF-8/],
    [['x', '--system-prompt-file', '-'], /the system prompt on stdin is not UTF-8/],
    [['x', '-', '--system-prompt-file', '-'], /stdin cannot be both .*\nRead one of them from a file/],
    [['x', '--prompt-file', '-', '--system-prompt-file', '-'], /stdin cannot be both/],
    [['x', '--plan', '--wait'], /--plan launches nothing/],
    [['x', '--plan', '-f'], /--plan launches nothing/],
  ]
  for (const [args, why] of cases) {
    const { status, out, err } = await runCommand(['run', ...args], {
      url,
      cwd: dir,
      stdin: Buffer.from([0xc3]),
    })
    t.strictSame([status, out], [2, ''], args.join(' '))
    t.match(err, why)
  }
  t.equal(service.asked.length, 0)
})

t.test('a refusal is told with its remedy, or as the JSON that came', async (t) => {
  const { url } = await setUp(t)
  t.strictSame(await runCommand(['run', 'x'], { url }).then(({ status, out, err }) => [status, out, err]), [
    75,
    '',
    'looper: busy: another run is in progress\nFix it (LOOPER_BUSY).\n',
  ])
  const { status, out } = await runCommand(['run', 'x', '--json'], { url })
  t.equal(status, 75)
  t.match(JSON.parse(out), { ok: false, code: 'LOOPER_BUSY', request_id: 'feedbeef' })
})

t.test('--json gives the answer as it came', async (t) => {
  const { service, url } = await setUp(t)
  const run = launching(service)
  const { out } = await runCommand(['run', 'x', '--json'], { url })
  t.strictSame(JSON.parse(out), answer(run))
})

t.test('--wait waits for the end, shows how long on a terminal, and exits as the run did', async (t) => {
  for (const [returnCode, status] of [
    [0, 0],
    [3, 3],
    [-15, 143],
    [null, 1],
  ] as const) {
    const { service, url } = await setUp(t)
    const run = launching(service)
    const command = startCommand(['run', 'x', '--wait'], { url, isErrTerminal: true })
    await until('it waits', () => command.err().includes('01000000 is running '))
    t.match(service.asked[0]?.body, { codex_exec_startup_check_seconds: 0 })
    const outcome = returnCode === null ? 'lost' : returnCode < 0 ? 'signaled' : 'exited'
    service.end(run, { outcome, return_code: returnCode, cause: returnCode === null ? 'reboot' : null })
    const ended = await command.ended
    t.equal(ended.status, status)
    const how = returnCode === null ? 'lost, reboot' : `${outcome} ${returnCode}`
    t.equal(ended.out, `01000000 a run: ${how}\n`)
    t.ok(ended.err.startsWith('\r\u001b[K⠋ announcing, stopping, launching 0 s'))
    const behind = returnCode === 0 ? '' : 'Its last lines:\n  hello\n'
    t.ok(ended.err.endsWith(`\r\u001b[K${behind}`), 'the line is cleared')
  }
})

t.test('--wait says nothing where stderr is no terminal, and gives one JSON object on request', async (t) => {
  const { service, url } = await setUp(t)
  const run = launching(service)
  service.end(run, { outcome: 'exited', return_code: 0, cause: null })
  t.match(await runCommand(['run', 'x', '--wait'], { url }), { status: 0, err: '' })
  t.match(await runCommand(['run', 'x', '--wait'], { url, isErrTerminal: true, env: { TERM: 'dumb' } }), {
    err: '',
  })
  service.end(run, { outcome: 'exited', return_code: 4, cause: null })
  const { out } = await runCommand(['run', 'x', '--wait', '--json'], { url })
  t.strictSame(JSON.parse(out), { ...answer(run), outcome: 'exited', return_code: 4, cause: null })
})

t.test('--follow shows the log until the end', async (t) => {
  const { service, url } = await setUp(t)
  const run = launching(service)
  const command = startCommand(['run', 'x', '--follow'], { url })
  await until('the first line is shown', () => command.out() === 'hello\n')
  service.append(run, 'more\n')
  await until('the second is', () => command.out() === 'hello\nmore\n')
  service.end(run, { outcome: 'exited', return_code: 0, cause: null })
  t.match(await command.ended, { status: 0, out: 'hello\nmore\n', err: 'looper: 01000000 a run: exited 0\n' })
  const { out } = await runCommand(['run', 'x', '-f', '--json'], { url })
  t.strictSame(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      answer(run),
      { offset: 11, text: 'hello\nmore\n' },
      { run_id: run.run_id, outcome: 'exited', return_code: 0, cause: null },
    ],
  )
})

t.test('a run that ended before it could be followed is shown all the same', async (t) => {
  const { service, url } = await setUp(t)
  const run = service.add({ outcome: 'exited', return_code: 9 }, 'broken\n')
  service.onRun = () =>
    refuse(500, 'LOOPER_AGENT_EXITED_EARLY', 'codex exec exited early \u001b[2J(a\nb)', {
      request_id: run.request_id,
    })
  t.match(await runCommand(['run', 'x', '--follow'], { url }), { status: 9, out: 'broken\n' })
  t.match(await runCommand(['run', 'x', '--wait'], { url }), { status: 9, out: '01000000 a run: exited 9\n' })
  t.match(await runCommand(['run', 'x'], { url }), { status: 1, err: /exited early ␛\[2J\(a\nb\)/ })
})

t.test('Ctrl-C while the prompt is read asks for nothing', async (t) => {
  const { service, url } = await setUp(t)
  const stdin = new PassThrough()
  stdin.write('half a pro')
  const command = startCommand(['run', 'x', '-'], { url, world: { stdin } })
  await until('it reads', () => stdin.readableLength === 0)
  command.interrupt()
  t.equal((await command.ended).status, 130)
  t.strictSame(service.asked, [])
})

t.test('a prompt that cannot be read asks for nothing', async (t) => {
  const { service, url } = await setUp(t)
  const stdin = new PassThrough()
  stdin.destroy(new Error('torn off'))
  t.match(await runCommand(['run', 'x', '-'], { url, world: { stdin } }), { status: 1, err: /torn off/ })
  t.strictSame(service.asked, [])
})

t.test('Ctrl-C leaves the run alone and says so', async (t) => {
  const { service, url } = await setUp(t)
  launching(service)
  for (const flag of ['--follow', '--wait']) {
    const command = startCommand(['run', 'x', flag], { url })
    const before = service.asked.length
    await until('it follows', () => service.asked.length >= before + 2 || command.out() === 'hello\n')
    await until('the follower is served', () => service.asked.at(-1)?.url.includes('follow=1') === true)
    command.interrupt()
    const { status, err } = await command.ended
    t.equal(status, 130, flag)
    t.equal(
      err,
      'looper: the run continues; "looper logs -f 01000000" follows it, "looper stop 01000000" stops it\n',
    )
  }
  t.equal(service.asked.filter(({ method, url }) => method === 'POST' && url !== '/run').length, 0)
})

t.test('Ctrl-C before the answer says that nobody knows', async (t) => {
  const { service, url } = await setUp(t)
  service.onRun = () => new Promise(() => undefined)
  const command = startCommand(['run', 'x'], { url })
  await until('it was asked', () => service.asked.length === 1)
  command.interrupt()
  t.match(await command.ended, { status: 130, err: /may still be carried out; "looper status" shows it/ })
})

t.test('--plan tells what would be done, and does nothing', async (t) => {
  const { service, url } = await setUp(t)
  const plan = {
    would: 'run',
    notice: { message: 'x\u001b[2J', route: 'type=stream stream=coding topic=t' },
    stop: [
      { pid: 7, run_id: '0a000000-0000-4000-8000-000000000001', command: 'codex exec -- a\nb' },
      { pid: 8, run_id: null, command: `codex exec ${'x'.repeat(99)}`, age_seconds: 7500 },
    ],
    launch: {
      argv: ['codex'],
      command: 'codex exec -- y',
      workspace: '/repo',
      binary: '/usr/bin/codex',
      binary_source: 'path',
      delay_seconds: 1,
      timeout_seconds: 60,
      stall_seconds: 30,
    },
  }
  const body = { ok: true, plan }
  service.onRun = ({ plan: asked }) =>
    asked === true ? { status: 200, body } : refuse(500, 'LOOPER_INTERNAL', 'no')
  t.equal(
    (await runCommand(['run', 'x', '--plan'], { url })).out,
    `It would announce, stop and launch:
announce  x␛[2J (type=stream stream=coding topic=t)
stop      (run 0a000000, pid 7)
stop      codex exec ${'x'.repeat(48)}… (not started by Looper, for 2 h 5 m, pid 8)
launch    codex exec -- y
in        /repo, 1 s after the stop
program   /usr/bin/codex (path)
limits    stopped after 1 m, stopped after 30 s without a sign of life
`,
  )
  t.strictSame(JSON.parse((await runCommand(['run', 'x', '--plan', '--json'], { url })).out), body)
  Object.assign(plan.launch, { max_tokens: 2000000, max_cost_usd: 0.5 })
  t.match(
    (await runCommand(['run', 'x', '--plan'], { url })).out,
    /sign of life, stopped at 2,000,000 tokens, stopped at \$0\.50\n$/,
  )

  Object.assign(plan, { would: 'blocked', stop: [{ pid: 7, run_id: null, command: 'x', stoppable: false }] })
  const blocked = (await runCommand(['run', 'x', '--plan'], { url })).out
  t.match(blocked, /^It would announce and try to stop, but launch nothing, because an agent/)
  t.match(blocked, '\nstop      x (not started by Looper, pid 7, cannot be stopped)\n')

  Object.assign(plan, { would: 'stop_only', stop: [], launch: null, notice: { message: 'x', route: null } })
  t.equal(
    (await runCommand(['run', 'x', '--plan', '--prompt', ''], { url })).out,
    'It would announce and stop, but launch nothing, because the prompt is empty:\nannounce  x\nstop      nothing\n',
  )
  const launch = {
    ...body.plan,
    command: 'c',
    workspace: '/w',
    binary: 'b',
    binary_source: 'env',
    delay_seconds: 0,
    timeout_seconds: 0,
    stall_seconds: 0,
  }
  Object.assign(plan, { would: 'busy', launch })
  t.match(
    (await runCommand(['run', 'x', '--plan'], { url })).out,
    /^It would be refused, because another launch.*\(env\)\n$/s,
  )
})

t.test('the real service launches what it is asked for', async (t) => {
  const dir = t.testdir({ logs: {}, ws: { '.git': {}, sub: {} } })
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: path.resolve('test/fixtures/codex'),
    LOOPER_API_TOKEN: 'sesame',
    LOOPER_HOST: '127.0.0.1',
  })
  t.teardown(() => service.stop())
  const cwd = path.join(dir, 'ws/sub')
  const env = { LOOPER_API_TOKEN: 'sesame' }
  writeFileSync(path.join(cwd, 'p.sh'), 'pwd >here; sleep 300')
  const { status, out } = await runCommand(['run', 'hello', '--prompt-file', 'p.sh'], {
    url: service.url,
    cwd,
    env,
  })
  t.equal(status, 0)
  t.match(out, 'SKIPPED no Zulip credentials')
  await until('the agent ran there', () => textOf(path.join(dir, 'ws/here')) !== '')
  t.equal(readFileSync(path.join(dir, 'ws/here'), 'utf8'), `${path.join(dir, 'ws')}\n`)
  t.match(
    (await runCommand(['runs'], { url: service.url, env })).out,
    /^ID .*\n[0-9a-f]{8} {4}running +hello /,
  )
  t.match(await runCommand(['run', 'hello'], { url: service.url, cwd }), {
    status: 77,
    err: /unauthorized\nSet LOOPER_API_TOKEN/,
  })
})
