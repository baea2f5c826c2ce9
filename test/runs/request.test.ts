import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { claude as core } from '../../src/agents/claude/claude.ts'
import { codex } from '../../src/agents/codex/codex.ts'
import { completeAgent } from '../../src/agents/complete-agent.ts'
import { MAX_SECONDS, MAX_TIMER_MS } from '../../src/base/clock.ts'
import type { Notify } from '../../src/notices/notice.ts'
import { NO_BUDGET } from '../../src/runs/budget/budget.ts'
import { prepareLaunch } from '../../src/runs/launch-request.ts'
import { prepareRun, prepareWaiting, type RequestDefaults } from '../../src/runs/request.ts'
import type { RunBody } from '../../src/runs/run-body.ts'
import { CODEX_CHOICE, CODEX_ONLY } from '../helpers/agents.ts'
import { NO_WORKTREES } from '../helpers/no-worktrees.ts'

const NOTICE: RunBody = { zulip_message: 'starting' }

const PROGRAMS = ['bin/codex', 'bin/my-codex']
const SCRIPTS = ['project/notify.ts', 'home/notify.ts']
const ORIGIN = { requestId: '0a1b2c3d', trigger: 'http', caller: null } as const
const AUTO = { requestId: 'auto0a1b2c3d', trigger: 'autopoll', caller: null } as const

/** A project with a workspace, a program and a helper script, and defaults that lead to them. */
function setUp(test: Test, given: Partial<RequestDefaults> = {}) {
  const dir = test.testdir({
    project: { repo: {}, other: {}, 'notify.ts': '', plain: '' },
    home: { repo: {}, 'notify.ts': '' },
    bin: { codex: '#!/bin/sh\n', 'my-codex': '#!/bin/sh\n' },
  })
  const at = (name: string) => path.join(dir, name)
  for (const name of ['bin/codex', 'bin/my-codex']) chmodSync(at(name), 0o755)
  const scripts: string[] = []
  const notify: Notify = async () => ({ output: 'in-process', messageId: null })
  const byScript: Notify = async () => ({ output: 'by script', messageId: null })
  const defaults: RequestDefaults = {
    workspace: at('project/repo'),
    prompt: { kind: 'text', text: 'the default prompt' },
    delayMs: 1000,
    startupCheckMs: 2000,
    timeoutMs: 60_000,
    stallMs: 30_000,
    places: { projectDir: at('project'), home: at('home'), searchPath: at('bin') },
    agents: CODEX_ONLY,
    findRun: () => null,
    worktrees: NO_WORKTREES,
    liveIn: () => null,
    agentEnv: () => ({}),
    logDir: at('logs'),
    access: {
      workspaceRoots: [{ path: '/', withoutDotDirectories: false }],
      programs: () => new Map(PROGRAMS.map((name) => [realpathSync(at(name)), at(name)])),
      executables: () => new Map(PROGRAMS.map((name) => [realpathSync(at(name)), at(name)])),
      scripts: () => new Set(SCRIPTS.map((name) => realpathSync(at(name)))),
    },
    announce: notify,
    route,
    announceByScript: (script) => {
      scripts.push(script)
      return byScript
    },
    ...given,
  }
  const prepare = (body: Partial<RunBody> = {}) => prepareRun({ ...NOTICE, ...body }, ORIGIN, defaults)
  return { at, defaults, prepare, scripts, notify, byScript }
}

const route = () => 'type=stream'

t.test('a notice alone gets every default', async (t) => {
  const { at, prepare, notify } = setUp(t)
  t.strictSame(await prepare(), {
    workspace: at('project/repo'),
    request: {
      requestId: '0a1b2c3d',
      caller: null,
      slot: 'default',
      message: 'starting',
      notify,
      route,
      ifRunning: 'replace',
      asked: '{"zulip_message":"starting"}',
      launch: {
        ...CODEX_CHOICE,
        requestId: '0a1b2c3d',
        trigger: 'http',
        caller: null,
        name: 'starting',
        prompt: 'the default prompt',
        workspace: at('project/repo'),
        binary: { path: at('bin/codex'), source: 'path' },
        timeoutMs: 60_000,
        stallMs: 30_000,
        budget: NO_BUDGET,
        onQuota: 'hold',
        tools: true,
      },
      delayMs: 1000,
      startupCheckMs: 2000,
    },
  })
})

t.test('every field of the request reaches its place', async (t) => {
  const claude = completeAgent(core, {
    program: { name: 'claude', configured: null, builds: [] },
    installRemedy: 'Install it.',
    model: null,
    args: [],
  })
  const agents = { ...CODEX_ONLY, all: [codex, claude] }
  const { at, defaults, prepare, scripts, byScript } = setUp(t, { agents })
  const { request, workspace } = await prepare({
    zulip_message: ' \n starting \n',
    codex_prompt: ' as given ',
    prompt: 'the older name',
    slot: 'tests',
    share_workspace: true,
    workspace: '~/repo',
    codex_exec_binary: 'my-codex',
    codex_exec_delay_seconds: 0,
    codex_exec_startup_check_seconds: 0.25,
    timeout_seconds: 3600,
    stall_seconds: '90',
    max_tokens: '1000',
    max_cost_usd: 2.5,
    on_quota: 'fail',
    zulip_script_path: 'notify.ts',
    startup_delay_seconds: 9,
    agent: 'claude',
    model: 'a-model',
    system_prompt: 'be brief',
  })
  t.equal(workspace, at('home/repo'))
  t.equal(request.route(), `script=${at('project/notify.ts')}`)
  t.strictSame(request, {
    requestId: '0a1b2c3d',
    caller: null,
    slot: 'tests',
    message: 'starting',
    route: request.route,
    notify: byScript,
    launch: {
      agent: claude,
      model: 'a-model',
      system: 'be brief',
      session: null,
      requestId: '0a1b2c3d',
      trigger: 'http',
      caller: null,
      slot: 'tests',
      sharesWorkspace: true,
      name: 'starting',
      prompt: ' as given ',
      workspace: at('home/repo'),
      binary: { path: at('bin/my-codex'), source: 'request', asked: at('bin/my-codex') },
      timeoutMs: 3_600_000,
      stallMs: 90_000,
      check: null,
      budget: { maxTokens: 1000, maxCostUsd: 2.5 },
      onQuota: 'fail',
      tools: true,
    },
    delayMs: 0,
    startupCheckMs: 250,
    ifRunning: 'replace',
    asked: request.asked,
  })
  t.strictSame(scripts, [at('project/notify.ts')])
  const asked = JSON.parse(request.asked)
  t.match(asked, { zulip_message: ' \n starting \n', agent: 'claude', stall_seconds: '90' })
  t.notMatch(asked, { codex_prompt: /./ }, 'the prompt stands on the record already')
  const waiting = {
    ...ORIGIN,
    asked: request.asked,
    prompt: ' as given ',
    check: null,
    budget: request.launch?.budget ?? NO_BUDGET,
  }
  t.strictSame({ ...(await prepareWaiting(waiting, defaults)), route: request.route }, request)
})

t.test('a run that waits keeps the check that it was asked for with', async (t) => {
  const verify = { line: 'make | tee log', timeoutMs: 9000 }
  const { defaults, prepare } = setUp(t, { verify })
  const { request } = await prepare({ if_running: 'queue' })
  const check = { line: 'make | tee log', isOwners: true, timeoutMs: 9000 }
  t.strictSame(request.launch?.check, check)
  const waiting = { ...ORIGIN, asked: request.asked, prompt: 'the default prompt', check, budget: NO_BUDGET }
  const later = await prepareWaiting(waiting, { ...defaults, verify: { line: 'other', timeoutMs: 0 } })
  t.strictSame(later.launch?.check, check)
  t.equal(later.asked, request.asked)
  const own = await prepare({ codex_prompt: 'x', verify: 'my-codex --version', verify_timeout_seconds: '3' })
  t.match(own.request.launch?.check, { line: 'my-codex --version', isOwners: false, timeoutMs: 3000 })
  await t.rejects(prepare({ verify: 'id' }), { code: 'LOOPER_EXECUTABLE_FORBIDDEN' })
  t.equal((await prepare({ codex_prompt: ' ', verify: 'id' })).request.launch, null, 'nothing is launched')
})

t.test('a program is run by the name that its owner allowed, whatever link the request names', async (t) => {
  const { at, prepare } = setUp(t)
  symlinkSync('my-codex', at('bin/link'))
  const { request } = await prepare({ codex_exec_binary: at('bin/link') })
  t.strictSame(request.launch?.binary, {
    path: at('bin/my-codex'),
    source: 'request',
    asked: at('bin/link'),
  })
})

t.test(
  'a workspace that cannot be entered is refused',
  { skip: process.getuid?.() === 0 && 'root enters everywhere' },
  async (t) => {
    const { at, prepare } = setUp(t)
    mkdirSync(at('home/closed'), { mode: 0o600 })
    await t.rejects(prepare({ workspace: at('home/closed') }), {
      code: 'LOOPER_WORKSPACE_CLOSED',
      message: `workspace cannot be entered by the user of the service: ${at('home/closed')} (EACCES)`,
    })
  },
)

t.test('null counts as absent, in every field', async (t) => {
  const { prepare } = setUp(t)
  t.strictSame(
    await prepare({
      codex_prompt: null,
      prompt: null,
      workspace: null,
      codex_exec_binary: null,
      codex_exec_delay_seconds: null,
      codex_exec_startup_check_seconds: null,
      timeout_seconds: null,
      stall_seconds: null,
      zulip_script_path: null,
      startup_delay_seconds: null,
      sidebar_delay_seconds: null,
      new_task_delay_seconds: null,
      prompt_send_delay_seconds: null,
    }),
    await prepare(),
  )
})

t.test('the older name of the prompt is read only where the newer one is absent', async (t) => {
  const { prepare } = setUp(t)
  t.equal((await prepare({ prompt: 'older' })).request.launch?.prompt, 'older')
  t.equal((await prepare({ prompt: 'older', codex_prompt: 'newer' })).request.launch?.prompt, 'newer')
  t.equal((await prepare({ prompt: 'older', codex_prompt: '' })).request.launch, null, 'stop only')
})

t.test('an empty prompt launches nothing, and needs neither workspace nor program nor logs', async (t) => {
  const { prepare, defaults, at } = setUp(t, { workspace: null, prompt: { kind: 'none' } })
  for (const codex_prompt of ['', '  \n\t']) {
    const { request, workspace } = await prepare({ codex_prompt, codex_exec_binary: 'absent' })
    t.equal(request.launch, null)
    t.equal(workspace, null)
  }
  t.equal((await prepare({ prompt: '' })).request.launch, null, 'under the older name too')
  t.equal((await prepare({ codex_prompt: '', workspace: 'repo' })).workspace, at('project/repo'))
  t.notOk(existsSync(defaults.logDir), 'no log directory was made')
  const { prepare: elsewhere } = setUp(t, { workspace: 'is/gone' })
  t.match(await elsewhere({ codex_prompt: '' }), {
    request: { launch: null },
    workspace: /project\/is\/gone$/,
  })
})

t.test('without any prompt the request is refused, and without any workspace too', async (t) => {
  const bare = setUp(t, { workspace: null, prompt: { kind: 'none' } })
  await t.rejects(bare.prepare(), {
    code: 'LOOPER_PROMPT_MISSING',
    message: "missing 'codex_prompt', and no default prompt is configured",
  })
  await t.rejects(bare.prepare({ codex_prompt: 'go' }), {
    code: 'LOOPER_WORKSPACE_MISSING',
    message: "missing 'workspace', and LOOPER_WORKSPACE is not set",
  })
  const { request } = await bare.prepare({ codex_prompt: 'go', workspace: 'repo' })
  t.equal(request.launch?.workspace, bare.at('project/repo'))
})

t.test('an empty workspace counts as absent: it must never mean the directory of the service', async (t) => {
  const { at, prepare } = setUp(t)
  for (const workspace of ['', '  ']) t.equal((await prepare({ workspace })).workspace, at('project/repo'))
  const bare = setUp(t, { workspace: null })
  await t.rejects(bare.prepare({ workspace: '' }), { code: 'LOOPER_WORKSPACE_MISSING' })
})

t.test('the default prompt of a file is read at each request, and told where it cannot be', async (t) => {
  const { at, defaults } = setUp(t)
  const file = at('prompt.md')
  const prepare = () => prepareRun(NOTICE, ORIGIN, { ...defaults, prompt: { kind: 'file', path: file } })
  await t.rejects(prepare(), { code: 'LOOPER_PROMPT_FILE_UNREADABLE' })
  for (const text of ['first', 'second']) {
    writeFileSync(file, text)
    t.equal((await prepare()).request.launch?.prompt, text)
  }
})

t.test('a workspace is a directory, however it is written', async (t) => {
  const { at, prepare } = setUp(t)
  const good = {
    other: at('project/other'),
    './repo/../other/': at('project/other'),
    '~': at('home'),
    '~/repo': at('home/repo'),
    [at('home/repo')]: at('home/repo'),
  }
  for (const [given, workspace] of Object.entries(good)) {
    const { request } = await prepare({ workspace: given })
    t.equal(request.launch?.workspace, workspace)
  }
  for (const [given, shown] of Object.entries({
    absent: at('project/absent'),
    plain: at('project/plain'),
    'plain/below': at('project/plain/below'),
    '~/absent': at('home/absent'),
    ['x'.repeat(300)]: at(`project/${'x'.repeat(300)}`),
  })) {
    await t.rejects(prepare({ workspace: given }), {
      code: 'LOOPER_WORKSPACE_INVALID',
      status: 500,
      message: `workspace is not a directory: ${shown}`,
    })
  }
  await t.rejects(prepare({ workspace: 'absent', codex_prompt: '' }), { code: 'LOOPER_WORKSPACE_INVALID' })
})

t.test('a program that is not there is refused beforehand', async (t) => {
  const { prepare } = setUp(t)
  await t.rejects(prepare({ codex_exec_binary: 'absent' }), {
    code: 'LOOPER_BINARY_MISSING',
    message: 'required tool is missing from PATH: absent',
  })
})

t.test('a helper script is run as what it is now, wherever its link leads later', async (t) => {
  const { at, prepare, scripts } = setUp(t)
  symlinkSync(at('home/notify.ts'), at('link.ts'))
  await prepare({ zulip_script_path: at('link.ts') })
  t.strictSame(scripts, [at('home/notify.ts')])
})

t.test('a helper script must be a file', async (t) => {
  const { at, prepare, scripts } = setUp(t)
  await prepare({ zulip_script_path: '~/notify.ts' })
  t.strictSame(scripts, [at('home/notify.ts')])
  for (const [given, shown] of [
    ['absent.ts', at('project/absent.ts')],
    ['repo', at('project/repo')],
  ]) {
    await t.rejects(prepare({ zulip_script_path: given ?? '' }), {
      code: 'LOOPER_NOTICE_FAILED',
      status: 500,
      message: `failed to send Zulip message: 'zulip_script_path' is not a file: ${shown}`,
    })
  }
})

t.test('NUL and half characters are refused by the name of their field', async (t) => {
  const { prepare } = setUp(t)
  for (const field of [
    'zulip_message',
    'codex_prompt',
    'prompt',
    'workspace',
    'codex_exec_binary',
    'zulip_script_path',
  ]) {
    for (const text of ['a\0b', 'a\ud83e']) {
      await t.rejects(
        prepare({ [field]: text }),
        { code: 'LOOPER_FIELD_INVALID', message: new RegExp(`^'${field}' must `) },
        field,
      )
    }
  }
})

t.test('a prompt over 1 MiB is refused', async (t) => {
  const { prepare } = setUp(t)
  const { request } = await prepare({ codex_prompt: 'x'.repeat(1_048_576) })
  t.equal(request.launch?.prompt.length, 1_048_576)
  await t.rejects(prepare({ codex_prompt: 'x'.repeat(1_048_577) }), { code: 'LOOPER_PROMPT_TOO_LARGE' })
})

t.test('numbers may come as strings, as old wrappers send them', async (t) => {
  const { prepare } = setUp(t)
  const { request } = await prepare({
    codex_exec_delay_seconds: '1.5',
    codex_exec_startup_check_seconds: ' 3 ',
  })
  t.match(request, { delayMs: 1500, startupCheckMs: 3000 })
})

t.test('a request may lift the limits of the settings with a 0', async (t) => {
  const { prepare } = setUp(t)
  const { request } = await prepare({ timeout_seconds: 0, stall_seconds: '0' })
  t.match(request.launch, { timeoutMs: 0, stallMs: 0 })
})

t.test('the older delays are summed, and only where the newer one is absent', async (t) => {
  const { prepare } = setUp(t)
  const older = {
    startup_delay_seconds: 1,
    sidebar_delay_seconds: '0.5',
    new_task_delay_seconds: 0,
    prompt_send_delay_seconds: 2,
  }
  t.equal((await prepare(older)).request.delayMs, 3500)
  t.equal((await prepare({ sidebar_delay_seconds: 0 })).request.delayMs, 0)
  t.equal((await prepare({ ...older, codex_exec_delay_seconds: 0 })).request.delayMs, 0)
  t.equal((await prepare({ ...older, codex_exec_delay_seconds: null })).request.delayMs, 3500)
})

t.test('no wait gets longer than a timer can be, neither as a string nor as a sum', async (t) => {
  const { prepare } = setUp(t)
  const { request } = await prepare({ codex_exec_delay_seconds: `${MAX_SECONDS}` })
  t.ok(request.delayMs <= MAX_TIMER_MS)
  const fields = [
    'codex_exec_delay_seconds',
    'codex_exec_startup_check_seconds',
    'sidebar_delay_seconds',
    'timeout_seconds',
    'stall_seconds',
  ]
  for (const field of fields) {
    await t.rejects(prepare({ [field]: `${MAX_SECONDS + 1}` }), {
      code: 'LOOPER_FIELD_INVALID',
      message: `'${field}' must be <= ${MAX_SECONDS}`,
    })
  }
  await t.rejects(prepare({ startup_delay_seconds: MAX_SECONDS, sidebar_delay_seconds: 1 }), {
    code: 'LOOPER_FIELD_INVALID',
    message: `the sum of the older delays must be <= ${MAX_SECONDS}`,
  })
})

t.test('what the real codex will surely refuse is refused beforehand', async (t) => {
  const { at, defaults } = setUp(t)
  mkdirSync(at('@openai/codex'), { recursive: true })
  writeFileSync(at('@openai/codex/codex.js'), '#!/bin/sh\n', { mode: 0o755 })
  // Not below the project, which is a repository.
  const workspace = mkdtempSync(path.join(os.tmpdir(), 'looper-request-'))
  t.teardown(() => rmdirSync(workspace))
  const program = { ...codex.program, configured: at('@openai/codex/codex.js') }
  const choice = { ...CODEX_CHOICE, agent: { ...codex, program } }
  const wish = { ...defaults, ...CODEX_CHOICE, choice, workspace, message: null, prompt: 'go', binary: null }
  t.throws(() => prepareLaunch(AUTO, wish), {
    code: 'LOOPER_WORKSPACE_REFUSED',
    message: /run "git init" in it$/,
  })
})

t.test('a launch is checked whole, whoever asks for it, and its log directory is made', async (t) => {
  const { at, defaults } = setUp(t)
  const wish = {
    ...defaults,
    ...CODEX_CHOICE,
    choice: CODEX_CHOICE,
    workspace: 'repo',
    message: null,
    prompt: 'go',
    binary: null,
    logDir: at('deep/logs'),
  }
  t.strictSame(prepareLaunch(AUTO, wish), {
    ...CODEX_CHOICE,
    requestId: 'auto0a1b2c3d',
    trigger: 'autopoll',
    caller: null,
    name: 'go',
    prompt: 'go',
    workspace: at('project/repo'),
    binary: { path: at('bin/codex'), source: 'path' },
    timeoutMs: 60_000,
    stallMs: 30_000,
    onQuota: 'hold',
    tools: true,
  })
  t.ok(statSync(at('deep/logs')).isDirectory())
  t.throws(() => prepareLaunch(AUTO, { ...wish, workspace: 'absent' }), {
    code: 'LOOPER_WORKSPACE_INVALID',
  })
})

t.test('a log directory that cannot be used is told before anything happens', async (t) => {
  const { at, prepare } = setUp(t)
  writeFileSync(at('logs'), 'in the way')
  await t.rejects(prepare(), {
    code: 'LOOPER_LOG_UNWRITABLE',
    status: 500,
    message: new RegExp(`^cannot write run logs in ${at('logs')}: `),
    cause: { code: 'EEXIST' },
  })
})

const isRoot = process.getuid?.() === 0
t.test('a log directory that may not be written is told too', { skip: isRoot && 'root may' }, async (t) => {
  const { at, prepare } = setUp(t)
  mkdirSync(at('logs'), { mode: 0o500 })
  await t.rejects(prepare(), { code: 'LOOPER_LOG_UNWRITABLE', cause: { code: 'EACCES' } })
})
