import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { Finding } from '../../src/base/finding.ts'
import { checkDisk, checkWorkspace } from '../../src/checks.ts'
import { checkAgents, checkInit, checkPort, checkProcesses } from '../../src/cli/checks.ts'
import { checkNode } from '../../src/cli/node-check.ts'
import { loadConfig } from '../../src/config.ts'
import { linuxTable } from '../../src/processes/linux.ts'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { startLoopbackZulip } from '../fixtures/loopback-zulip.ts'
import { runCommand, startCommand } from '../helpers/command.ts'

/** A project, and a machine on which all is well; `examine` runs the doctor with changed settings. */
async function setUp(test: Test) {
  const dir = test.testdir({ project: {}, ws: { '.git': { HEAD: 'ref: refs/heads/main\n' } }, logs: {} })
  const codex = path.join(dir, 'codex')
  writeFileSync(codex, '#!/bin/sh\necho codex-cli 0.0.1\n')
  chmodSync(codex, 0o755)
  const zulip = await startLoopbackZulip()
  test.teardown(() => zulip.close())
  const good = {
    LOOPER_PORT: '0',
    LOOPER_WORKSPACE: path.join(dir, 'ws'),
    LOOPER_DEFAULT_PROMPT: 'Carry on.',
    CODEX_EXEC_BINARY: codex,
    CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'),
    LOOPER_MIN_FREE_MB: '1',
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  }
  const places = { projectDir: path.join(dir, 'project'), home: dir }
  const examine = async (changes: NodeJS.ProcessEnv = {}, dotEnv: NodeJS.ProcessEnv = good) => {
    const { status, out } = await runCommand(['doctor', '--json'], {
      env: changes,
      world: { ...places, dotEnv },
    })
    const { ok, checks }: { ok: boolean; checks: Finding[] } = JSON.parse(out)
    return { status, ok, checks, of: (name: string) => checks.filter(({ check }) => check === name) }
  }
  return { dir, zulip, good, places, examine, config: (env: NodeJS.ProcessEnv) => loadConfig(env, places) }
}

/** Elsewhere the check of processes is a warning. */
const noMarks = spawnSync('prlimit', ['--version']).error ? 'prlimit (util-linux) is not installed' : false

t.test(
  'where all is well, every check says so, nothing is sent or made, and the exit status is 0',
  { skip: noMarks },
  async (t) => {
    const { examine, zulip, good, places, dir } = await setUp(t)
    const logs = path.join(dir, 'new/logs')
    const { status, ok, checks } = await examine({ CODEX_EXEC_LOG_DIR: logs })
    t.equal(status, 0)
    t.equal(ok, true)
    t.strictSame(
      checks.map(({ check, state, remedy }) => [check, state, remedy]),
      ['node', 'settings', 'codex', 'workspace', 'zulip', 'port', 'logs', 'disk', 'processes'].map(
        (check) => [check, 'ok', null],
      ),
    )
    t.match(checks[2], { text: `0.0.1, ${good.CODEX_EXEC_BINARY}` })
    t.match(checks[4], { text: `Looper at ${zulip.url}, type=stream stream=coding topic=verified-cad` })
    t.strictSame(zulip.messages, [])
    t.notOk(existsSync(logs))
    const { out } = await runCommand(['doctor'], { columns: 80, world: { ...places, dotEnv: good } })
    t.match(out, `\u001b[32m✓\u001b[39m codex      0.0.1`)
  },
)

t.test('it tells whether the agent is logged in, where the agent tells that', async (t) => {
  const { examine, good } = await setUp(t)
  const answers = (line: string) =>
    writeFileSync(
      good.CODEX_EXEC_BINARY,
      `#!/bin/sh\ncase $* in --version) echo codex-cli 0.0.1 ;; 'login status') ${line} ;; esac\n`,
    )
  answers("echo 'Logged in using ChatGPT'")
  t.match((await examine()).of('codex'), [{ state: 'ok', text: /codex, logged in$/, remedy: null }])
  answers("echo 'Not logged in'; exit 1")
  const { status, of } = await examine()
  t.equal(status, 0, 'a model provider may need no login')
  t.match(of('codex'), [{ state: 'warning', text: /codex, not logged in$/, remedy: /^Log in to codex/ }])
})

t.test('what is broken is marked, with what to do, and the exit status is 1', async (t) => {
  const { places, good, dir } = await setUp(t)
  const { status, out } = await runCommand(['doctor'], {
    world: { ...places, dotEnv: good },
    env: { CODEX_EXEC_BINARY: '/none', LOOPER_IDLE_POLL_SECONDS: '0', PATH: dir },
  })
  t.equal(status, 1)
  t.match(out, '✗ codex      required tool is missing from PATH: /none\n             → Install codex')
  t.match(out, '! settings   LOOPER_IDLE_POLL_SECONDS is 0; using 300\n')
})

t.test('lines of .env that count for nothing are told', async (t) => {
  const { places, good, examine } = await setUp(t)
  t.match((await examine()).of('settings'), [{ state: 'ok' }])
  writeFileSync(path.join(places.projectDir, '.env'), 'LOOPER_PORT 3456\n')
  const { of } = await examine({}, good)
  t.match(of('settings'), [
    { state: 'ok' },
    { state: 'warning', text: '.env, line 1 has no "=", and counts for nothing' },
  ])
})

t.test('a name that is no setting is told in red, as the service itself does', async (t) => {
  const { examine, good } = await setUp(t)
  const { checks } = await examine({ ...good, LOOPER_PROT: '1' })
  const told = checks.filter(({ text }) => /LOOPER_PROT/.test(text))
  t.match(told, [{ check: 'settings', state: 'broken', text: /did you mean LOOPER_PORT\?/ }])
  t.equal(told.length, 1)
})

t.test('every bad setting is told, and nothing else is looked at', async (t) => {
  const { examine } = await setUp(t)
  const { status, checks } = await examine({ LOOPER_STOP_SCOPE: 'all', LOOPER_MIN_FREE_MB: '-1' })
  t.equal(status, 1)
  t.match(
    checks.map(({ state, text }) => [state, text]),
    [
      ['ok', /^24|^2[5-9]/],
      ['broken', /^LOOPER_STOP_SCOPE: "all" given/],
      ['broken', /^LOOPER_MIN_FREE_MB: "-1" given/],
    ],
  )
})

t.test('a Node that is too old is told first', async (t) => {
  t.match(checkNode('20.20.2'), { state: 'broken', remedy: /24\.2 or newer/ })
  t.match(checkNode('24.1.0'), { state: 'broken' })
  t.match(checkNode('24.2.0'), { state: 'ok' })
  t.match(checkNode('25.0.0'), { state: 'ok' })
  const { status, out } = await runCommand(['doctor'], { world: { nodeVersion: '20.20.2' } })
  t.equal(status, 1)
  t.equal(out.split('\n').length, 3, 'and the rest, which needs it, is left')
})

t.test('a container without an init is warned of, with what to do', async (t) => {
  t.strictSame(checkInit('tini'), [])
  t.match(checkInit('npm start'), [
    { check: 'init', state: 'warning', text: /^Process 1 is npm start, and no init/ },
  ])
  t.match(checkInit('node')[0]?.remedy, /docker run --init/)
})

t.test('files that the settings name are read', async (t) => {
  const { examine, dir } = await setUp(t)
  const file = (name: string, text: string) => {
    writeFileSync(path.join(dir, name), text)
    return path.join(dir, name)
  }
  const prompt = { LOOPER_DEFAULT_PROMPT: '' }
  const bad = await examine({
    ...prompt,
    LOOPER_DEFAULT_PROMPT_FILE: path.join(dir, 'none'),
    LOOPER_TOKENS_FILE: file('tokens', '{'),
    LOOPER_HOOKS_FILE: file('hooks', '[]'),
  })
  t.match(
    bad.checks.filter(({ state }) => state === 'broken').map(({ check }) => check),
    ['prompt', 'tokens', 'hooks'],
  )
  const good = await examine({
    ...prompt,
    LOOPER_DEFAULT_PROMPT_FILE: file('prompt', 'Go on.'),
    LOOPER_TOKENS_FILE: file('tokens', '{"tokens":[]}'),
    LOOPER_HOOKS_FILE: file('hooks', '{"hooks":{}}'),
  })
  t.match(good, { status: 0 })
  t.match(
    [good.of('prompt'), good.of('tokens'), good.of('hooks')],
    [[{ state: 'ok' }], [{ state: 'ok' }], [{ state: 'ok' }]],
  )
})

t.test('codex must be there and tell its version', async (t) => {
  const { config, dir, places } = await setUp(t)
  writeFileSync(path.join(dir, 'bad'), '#!/bin/sh\nexit 3\n')
  chmodSync(path.join(dir, 'bad'), 0o755)
  const of = (binary: string) => checkAgents(config({ CODEX_EXEC_BINARY: binary }), {}, places)
  t.match(await of(path.join(dir, 'bad')), [
    { state: 'broken', text: /bad --version failed$/, remedy: /^Install codex/ },
  ])
  t.match(await of(path.join(dir, 'none')), [{ state: 'broken', text: /missing/ }])
})

t.test(
  'other agents are checked where they are configured or installed; one that is missing is no failure',
  async (t) => {
    const { examine, places, dir } = await setUp(t)
    mkdirSync(path.join(dir, 'bin'))
    for (const name of ['opencode', 'mytool']) {
      writeFileSync(path.join(dir, 'bin', name), '#!/bin/sh\necho $0 1.18.33\n')
      chmodSync(path.join(dir, 'bin', name), 0o755)
    }
    writeFileSync(
      path.join(places.projectDir, 'config.json'),
      JSON.stringify({
        agents: {
          mine: { argv: ['mytool'], version: ['-V'] },
          silent: { argv: ['mytool'] },
          gone: { argv: ['/no/such'] },
        },
      }),
    )
    const more = {
      LOOPER_CONFIG: 'config.json',
      PATH: `${dir}/bin:/usr/bin:/bin`,
      LOOPER_CLAUDE_MODEL: 'opus',
    }
    const { status, of } = await examine(more)
    t.equal(status, 0)
    t.match(of('opencode'), [{ state: 'ok', text: `1.18.33, ${dir}/bin/opencode` }])
    t.match(of('claude'), [
      { state: 'warning', text: /missing from PATH: claude/, remedy: /^Install claude/ },
    ])
    t.match(of('mine'), [{ state: 'ok', text: `1.18.33, ${dir}/bin/mytool` }])
    t.match(of('silent'), [{ state: 'ok', text: `unknown version, ${dir}/bin/mytool` }])
    t.match(of('gone'), [
      {
        state: 'warning',
        text: /missing from PATH: \/no\/such/,
        remedy: /^Install it, or correct argv of agents\.gone in /,
      },
    ])
    const standard = await examine({ ...more, LOOPER_AGENT: 'gone' })
    t.equal(standard.status, 1)
    t.match(standard.of('gone'), [{ state: 'broken' }])
    t.match((await examine({ CODEX_EXEC_BINARY: '', ...more, LOOPER_AGENT: 'mine' }, {})).of('codex'), [])
  },
)

t.test('the workspace must be in a git repository', async (t) => {
  const { config, dir } = await setUp(t)
  for (const folder of ['ws/sub', 'linked']) mkdirSync(path.join(dir, folder), { recursive: true })
  writeFileSync(path.join(dir, 'linked/.git'), 'gitdir: /elsewhere\n')
  const of = (name: string) => checkWorkspace(config({ LOOPER_WORKSPACE: path.join(dir, name) })).state
  t.equal(of('ws'), 'ok')
  t.equal(of('ws/sub'), 'ok')
  t.equal(of('linked'), 'ok', 'a worktree')
  t.equal(checkWorkspace(config({})).state, 'warning')
  // This very project is a repository, so that one without must lie elsewhere.
  const plain = mkdtempSync(path.join(os.tmpdir(), 'looper-doctor-'))
  t.teardown(() => rmSync(plain, { recursive: true }))
  mkdirSync(path.join(plain, '.git'))
  t.match(checkWorkspace(config({ LOOPER_WORKSPACE: plain })), { state: 'broken', text: /no git repository/ })
})

t.test(
  'Zulip: no credentials, incomplete ones, wrong ones, no server, an answer without a name',
  async (t) => {
    const { examine, zulip, good } = await setUp(t)
    const none = { ...good, ZULIP_SITE: '', ZULIP_BOT_EMAIL: '', ZULIP_BOT_API_KEY: '' }
    t.match((await examine({}, none)).of('zulip'), [{ state: 'warning', text: /server log only/ }])
    t.match((await examine({ LOOPER_ZULIP_REQUIRED: '1' }, none)).of('zulip'), [
      { state: 'broken', text: /REQUIRED/ },
    ])
    t.match((await examine({ ZULIP_SITE: '' })).of('zulip'), [
      { state: 'broken', text: 'Missing ZULIP_SITE' },
    ])
    t.match((await examine({ ZULIP_BOT_API_KEY: 'x' })).of('zulip'), [
      { state: 'broken', text: 'Invalid API key' },
    ])
    t.match((await examine({ ZULIP_SITE: 'http://127.0.0.1:1' })).of('zulip'), [
      { state: 'broken', text: /cannot reach/ },
    ])
    zulip.interrupt((_, response) => response.end('{"result":"success"}'))
    t.match((await examine()).of('zulip'), [{ state: 'broken', text: /who the bot is/ }])
  },
)

t.test('the port: free, ours, somebody else’s, not to be had', async (t) => {
  const { examine, config } = await setUp(t)
  const service = await startLoopbackLooper('sesame')
  t.teardown(() => service.close())
  service.status = { version: '9.9.9' }
  const port = new URL(service.url).port
  t.match(
    (await examine({ LOOPER_PORT: port, LOOPER_HOST: '127.0.0.1', LOOPER_API_TOKEN: 'sesame' })).of('port'),
    [{ state: 'ok', text: `Looper 9.9.9 answers at ${service.url}` }],
  )
  const own = { LOOPER_PORT: port, LOOPER_HOST: '127.0.0.1', LOOPER_API_TOKEN: 'sesame' }
  const cap = { cap_mb: 1000, used_mb: 900, kept_mb: 10 }
  for (const [disk_cap, expected] of [
    [cap, [{ state: 'ok', text: '900 MB of at most 1000 MB' }]],
    [
      { ...cap, kept_mb: 1200 },
      [
        {
          state: 'warning',
          text: '1200 MB have to stay, and the cap is 1000 MB',
          remedy: /LOOPER_RESUMABLE_DAYS/,
        },
      ],
    ],
    [{ ...cap, cap_mb: null }, []],
    [{ ...cap, kept_mb: null }, []],
    [null, []],
  ] as const) {
    service.status = { version: '9.9.9', disk_cap }
    t.match((await examine(own)).of('cap'), expected)
  }
  t.match((await examine({ LOOPER_PORT: port })).of('port'), [
    { state: 'ok', text: `Looper answers at ${service.url}` },
  ])
  t.match(
    (await examine({ LOOPER_PORT: port, LOOPER_HOST: '127.0.0.1', LOOPER_API_TOKEN: 'x' })).of('port'),
    [{ state: 'broken', text: /says: unauthorized/ }],
  )
  const other = createServer((_, response) => response.end('hello'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const address = other.address()
  const taken = typeof address === 'object' ? String(address?.port) : ''
  t.match((await examine({ LOOPER_PORT: taken })).of('port'), [
    { state: 'broken', text: /is taken: what answers/ },
  ])
  const open = { LOOPER_ALLOW_UNAUTHENTICATED: '1' }
  t.match(await checkPort(config({ ...open, LOOPER_HOST: '192.0.2.1' })), {
    state: 'broken',
    text: /no address 192\.0\.2\.1/,
  })
  t.match(await checkPort(config({ ...open, LOOPER_HOST: 'no.such.host.invalid' })), {
    state: 'broken',
    remedy: /LOOPER_HOST/,
  })
})

t.test('the disk: room, a directory to write in', async (t) => {
  const { config, dir } = await setUp(t)
  writeFileSync(path.join(dir, 'file'), '')
  const of = (env: NodeJS.ProcessEnv) =>
    checkDisk(config({ CODEX_EXEC_LOG_DIR: path.join(dir, 'logs'), ...env }))
  t.match(of({ LOOPER_MIN_FREE_MB: String(2 ** 40) }), [
    { state: 'ok' },
    { state: 'broken', text: /are needed/ },
  ])
  t.match(of({ CODEX_EXEC_LOG_DIR: path.join(dir, 'file/logs') }), [
    { state: 'broken', text: /file is not a directory/ },
  ])
})

t.test('processes are seen through /proc, or through ps', async (t) => {
  if (process.platform === 'linux' && !noMarks)
    t.match(await checkProcesses('linux'), { state: 'ok', text: '/proc' })
  t.match(await checkProcesses('darwin'), { state: 'ok', text: 'ps' })
  const table = { ...linuxTable(), check: async () => 'some are hidden' }
  t.match(await checkProcesses('linux', table), { state: 'warning', text: 'some are hidden' })
  const { PATH } = process.env
  process.env.PATH = t.testdir({})
  t.teardown(() => {
    process.env.PATH = PATH
  })
  t.match(await checkProcesses('darwin'), { state: 'broken', remedy: /Make ps work/ })
  const unmarked = { ...linuxTable(), check: async () => null }
  t.match(await checkProcesses('linux', unmarked), { state: 'warning', text: /no prlimit/ })
})

t.test('Ctrl-C ends it; settings that cannot be read at all are told', async (t) => {
  const { places } = await setUp(t)
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const command = startCommand(['doctor'], { env: { LOOPER_PORT: new URL(service.url).port }, world: places })
  service.interrupt(() => command.interrupt())
  t.match(await command.ended, { status: 130 })
  const env = Object.defineProperty({}, 'LOOPER_PORT', {
    enumerable: true,
    get: () => {
      throw new Error('out of reach')
    },
  })
  t.match(await runCommand(['doctor'], { world: { ...places, env } }), {
    status: 1,
    out: /✗ settings {3}out of reach/,
  })
})
