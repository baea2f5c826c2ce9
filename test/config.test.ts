import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import t, { type Test } from 'tap'
import { MAX_TIMER_MS } from '../src/base/clock.ts'
import { expandHome } from '../src/base/home.ts'
import { FORMS, loadConfig } from '../src/config.ts'
import { diskSettings } from '../src/disk/settings.ts'
import { zulipSettings } from '../src/notices/zulip/settings.ts'
import { ConfigError } from '../src/settings/config-error.ts'
import { beginReading } from '../src/settings/part.ts'
import { autopollSettings } from '../src/triggers/autopoll/settings.ts'
import { hookSettings } from '../src/triggers/hooks/settings.ts'

const NAMES = Object.keys(FORMS)
const MAX_SECONDS = Math.floor(MAX_TIMER_MS / 1000)
const AUTOPOLL_OFF =
  'The autopoll is off: it needs LOOPER_WORKSPACE, and LOOPER_DEFAULT_PROMPT or LOOPER_DEFAULT_PROMPT_FILE'

const HOMELESS =
  'HOME is "/home/ada", which is no directory: nothing in it may be a workspace; set LOOPER_WORKSPACE_ROOTS, or HOME'

const PLACES = { projectDir: '/srv/looper', home: '/home/ada' }

/** The settings as values: those of plug-ins, which keep theirs, beside the others. */
function load(env: NodeJS.ProcessEnv, places = PLACES) {
  const {
    agents,
    triggers: _triggers,
    features: _features,
    notice: _notice,
    ...config
  } = loadConfig(env, places)
  const reading = { ...beginReading(env, places), launch: config.launch }
  return {
    ...config,
    binary: agents.standard.program.configured,
    hooksFile: hookSettings.read(reading),
    autopoll: autopollSettings.read(reading),
    disk: diskSettings.read(reading),
    zulip: zulipSettings.read(reading),
  }
}

/** A project and a home that are really there. */
function realPlaces(test: Test) {
  const dir = test.testdir({
    project: { repo: {}, plain: 'text', loop: test.fixture('symlink', 'loop') },
    home: { repo: {} },
  })
  return { projectDir: path.join(dir, 'project'), home: path.join(dir, 'home') }
}

/** The problems of an environment that must be refused. */
function problemsOf(env: NodeJS.ProcessEnv, places = PLACES): readonly string[] {
  try {
    load(env, places)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`)
}

t.test('an empty environment gives every default', async (t) => {
  t.strictSame(load({}), {
    http: {
      host: '127.0.0.1',
      port: 3456,
      isLoopback: true,
      allowedHosts: [],
      allowedOrigins: [],
      token: null,
      tokensFile: null,
    },
    access: { workspaceRoots: [], executables: [], agentEnvPass: [] },
    log: {
      level: 'debug',
      dir: '/srv/looper/logs',
      serverLogPath: '/srv/looper/logs/looper-server.log',
      mirror: true,
      times: false,
      keep: { days: 0, count: 0, mb: 0 },
      maxMb: 0,
      dbPath: '/srv/looper/logs/looper.db',
    },
    launch: {
      minFreeMb: 100,
      delayMs: 1000,
      startupCheckMs: 1000,
      timeoutMs: 0,
      stallMs: 0,
      toolStallMs: 14_400_000,
      warning: { stallMs: 0, toolStallMs: 3_600_000 },
      budget: { maxTokens: 0, maxCostUsd: 0 },
      dayBudget: { maxTokens: 0, maxCostUsd: 0 },
      workspace: null,
      prompt: { kind: 'none' },
      verify: { line: null, timeoutMs: 600_000 },
      onQuota: 'hold',
    },
    stop: { scope: 'machine', graceMs: 5000 },
    maxRuns: 4,
    disk: { capBytes: 0, resumableMs: 7 * 86_400_000 },
    autopoll: { enabled: false, slot: 'default', pollMs: 300_000, staleMs: 0, maxRunsPerHour: 12 },
    notifyEnd: 'edit',
    binary: null,
    hooksFile: null,
    zulip: {
      site: null,
      email: null,
      key: null,
      rcPath: '/home/ada/.zuliprc',
      rcRequired: false,
      profile: 'api',
      type: 'stream',
      stream: 'coding',
      topic: 'verified-cad',
      to: null,
      required: false,
      listens: false,
      people: [],
    },
    configFile: null,
    unknown: [],
    warnings: [HOMELESS, AUTOPOLL_OFF],
  })
})

t.test('every setting reaches its place', async (t) => {
  const { projectDir, home } = realPlaces(t)
  writeFileSync(path.join(home, 'looper.json'), '{}')
  const config = load(
    {
      LOOPER_HOST: '::1',
      LOOPER_PORT: '0',
      LOOPER_API_TOKEN: 'secret',
      LOOPER_TOKENS_FILE: '~/tokens.json',
      LOOPER_ALLOW_UNAUTHENTICATED: 'no',
      LOOPER_ALLOWED_HOSTS: 'Looper.example.com, other',
      LOOPER_WORKSPACE_ROOTS: 'repo:~',
      LOOPER_ALLOWED_EXECUTABLES: '/opt/codex: my-codex :',
      LOOPER_HOOKS_FILE: 'hooks.json',
      LOOPER_CONFIG: '~/looper.json',
      LOOPER_AGENT_ENV_PASS: 'LOOPER_API_TOKEN,',
      LOOPER_LOG_LEVEL: 'Warning',
      LOOPER_SERVER_LOG_PATH: '~/server.log',
      LOOPER_MIRROR_OUTPUT: 'off',
      LOOPER_LOG_TIMES: 'on',
      LOOPER_RUN_LOG_KEEP_DAYS: '0.5',
      LOOPER_RUN_LOG_KEEP_COUNT: '1000',
      LOOPER_RUN_LOG_KEEP_MB: '2048',
      LOOPER_RUN_LOG_MAX_MB: '64',
      LOOPER_DISK_CAP_MB: '500',
      LOOPER_RESUMABLE_DAYS: '0.5',
      LOOPER_MIN_FREE_MB: '0',
      LOOPER_MAX_RUNS: '9',
      LOOPER_AUTO_START_SLOT: 'nightly',
      LOOPER_DB_PATH: '~/ledger.db',
      LOOPER_RUN_TIMEOUT_SECONDS: '3600',
      LOOPER_RUN_STALL_SECONDS: '0.5',
      LOOPER_RUN_TOOL_STALL_SECONDS: '60',
      LOOPER_RUN_STALL_WARN_SECONDS: '0.25',
      LOOPER_RUN_TOOL_STALL_WARN_SECONDS: '30',
      LOOPER_RUN_MAX_TOKENS: '2000000',
      LOOPER_RUN_MAX_COST_USD: '4.5',
      LOOPER_DAY_MAX_TOKENS: '9000000',
      LOOPER_DAY_MAX_COST_USD: '20',
      LOOPER_STOP_GRACE_SECONDS: '0',
      LOOPER_VERIFY: 'npm test && true',
      LOOPER_VERIFY_TIMEOUT_SECONDS: '90',
      LOOPER_ON_QUOTA: 'FAIL',
      LOOPER_STOP_SCOPE: 'OWN',
      LOOPER_WORKSPACE: 'repo',
      LOOPER_DEFAULT_PROMPT_FILE: '~/prompt.md',
      LOOPER_AUTO_START_WHEN_IDLE: 'on',
      LOOPER_IDLE_POLL_SECONDS: '7.5',
      LOOPER_IDLE_LOG_STALE_SECONDS: '60',
      LOOPER_AUTO_MAX_RUNS_PER_HOUR: '3',
      CODEX_EXEC_LOG_DIR: '~/run-logs',
      CODEX_EXEC_BINARY: 'my-codex',
      CODEX_EXEC_DELAY_SECONDS: '0',
      CODEX_EXEC_STARTUP_CHECK_SECONDS: '2.5',
      ZULIP_LISTEN: 'yes',
      LOOPER_PEOPLE: '10, 12,10',
      LOOPER_ZULIP_REQUIRED: 'YES',
      ZULIP_SITE: 'https://chat.example.com',
      ZULIP_BOT_EMAIL: 'bot@example.com',
      ZULIP_BOT_API_KEY: 'key',
      ZULIPRC_PATH: '~/rc',
      ZULIP_PROFILE: 'work',
      ZULIP_MESSAGE_TYPE: 'Private',
      ZULIP_STREAM: 'ops',
      ZULIP_TOPIC: 'runs',
      ZULIP_TO: 'ada@example.com',
      LOOPER_NOTIFY_END: 'Message',
    },
    { projectDir, home },
  )
  t.strictSame(config, {
    http: {
      host: '::1',
      port: 0,
      isLoopback: true,
      allowedHosts: ['looper.example.com', 'other'],
      allowedOrigins: [],
      token: 'secret',
      tokensFile: path.join(home, 'tokens.json'),
    },
    access: {
      workspaceRoots: [
        { path: path.join(projectDir, 'repo'), withoutDotDirectories: false },
        { path: home, withoutDotDirectories: false },
      ],
      executables: ['/opt/codex', 'my-codex'],
      agentEnvPass: ['LOOPER_API_TOKEN'],
    },
    log: {
      level: 'warn',
      dir: path.join(home, 'run-logs'),
      serverLogPath: path.join(home, 'server.log'),
      mirror: false,
      times: true,
      keep: { days: 0.5, count: 1000, mb: 2048 },
      maxMb: 64,
      dbPath: path.join(home, 'ledger.db'),
    },
    launch: {
      minFreeMb: 0,
      delayMs: 0,
      startupCheckMs: 2500,
      timeoutMs: 3_600_000,
      stallMs: 500,
      toolStallMs: 60_000,
      warning: { stallMs: 250, toolStallMs: 30_000 },
      budget: { maxTokens: 2_000_000, maxCostUsd: 4.5 },
      dayBudget: { maxTokens: 9_000_000, maxCostUsd: 20 },
      workspace: path.join(projectDir, 'repo'),
      prompt: { kind: 'file', path: path.join(home, 'prompt.md') },
      verify: { line: 'npm test && true', timeoutMs: 90_000 },
      onQuota: 'fail',
    },
    stop: { scope: 'own', graceMs: 0 },
    maxRuns: 9,
    disk: { capBytes: 500 * 1_048_576, resumableMs: 43_200_000 },
    autopoll: { enabled: true, slot: 'nightly', pollMs: 7500, staleMs: 60_000, maxRunsPerHour: 3 },
    notifyEnd: 'message',
    binary: 'my-codex',
    hooksFile: path.join(projectDir, 'hooks.json'),
    zulip: {
      site: 'https://chat.example.com',
      email: 'bot@example.com',
      key: 'key',
      rcPath: path.join(home, 'rc'),
      rcRequired: true,
      profile: 'work',
      type: 'private',
      stream: 'ops',
      topic: 'runs',
      to: 'ada@example.com',
      required: true,
      listens: true,
      people: ['10', '12'],
    },
    configFile: path.join(home, 'looper.json'),
    unknown: [],
    warnings: [],
  })
})

t.test('the configuration is frozen, all the way down', async (t) => {
  const config = loadConfig({ LOOPER_DEFAULT_PROMPT: 'go' }, PLACES)
  t.ok(Object.isFrozen(config))
  for (const [name, part] of Object.entries(config)) t.ok(Object.isFrozen(part), name)
  t.ok(Object.isFrozen(config.launch.prompt))
})

t.test('the host is open to the network only with a token, and a given host always wins', async (t) => {
  t.equal(load({}).http.host, '127.0.0.1')
  t.equal(load({ LOOPER_API_TOKEN: 'x' }).http.host, '0.0.0.0')
  t.equal(load({ LOOPER_API_TOKEN: 'x', LOOPER_HOST: 'localhost' }).http.host, 'localhost')
  t.equal(load({ LOOPER_TOKENS_FILE: '/tokens.json' }).http.host, '0.0.0.0')
})

t.test('without a token only loopback is listened on, unless its owner insists', async (t) => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    t.equal(load({ LOOPER_HOST: host }).http.isLoopback, true, host)
  }
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'looper.example.com']) {
    t.throws(() => load({ LOOPER_HOST: host }), {
      message: /LOOPER_HOST: .* given without a token.*LOOPER_API_TOKEN/,
    })
  }
  const open = load({ LOOPER_HOST: '0.0.0.0', LOOPER_ALLOW_UNAUTHENTICATED: '1' })
  t.equal(open.http.isLoopback, false)
  t.ok(open.warnings.some((warning) => warning.includes('LOOPER_ALLOW_UNAUTHENTICATED is on')))
})

t.test('workspace roots are real directories, by default the workspace and the home', async (t) => {
  const { projectDir, home } = realPlaces(t)
  const roots = (env: NodeJS.ProcessEnv) => load(env, { projectDir, home }).access.workspaceRoots
  t.strictSame(roots({}), [{ path: home, withoutDotDirectories: true }])
  t.strictSame(roots({ LOOPER_WORKSPACE: 'repo' }), [
    { path: home, withoutDotDirectories: true },
    { path: path.join(projectDir, 'repo'), withoutDotDirectories: false },
  ])
  t.throws(() => roots({ LOOPER_WORKSPACE_ROOTS: 'repo:absent' }), {
    message: /LOOPER_WORKSPACE_ROOTS: "absent" is not a directory; name ones that exist/,
  })
  t.throws(() => roots({ LOOPER_WORKSPACE_ROOTS: '~', LOOPER_WORKSPACE: 'repo' }), {
    message: /LOOPER_WORKSPACE: .* is outside LOOPER_WORKSPACE_ROOTS; add its root there/,
  })
  t.throws(() => roots({ LOOPER_WORKSPACE: 'absent' }), {
    message: /LOOPER_WORKSPACE: "absent" is not a directory/,
  })
})

t.test('what is no home holds no workspaces, and the owner is told what to set', async (t) => {
  const { projectDir, home } = realPlaces(t)
  const toRoot = path.join(home, 'to-root')
  symlinkSync('/', toRoot)
  const homes: Record<string, RegExp> = {
    '': /^HOME is not set: nothing in it .*; set LOOPER_WORKSPACE_ROOTS, or HOME$/,
    ada: /^HOME is "ada", which is no absolute path: /,
    [path.join(projectDir, 'plain')]: /^HOME is ".*plain", which is no directory: /,
    [path.join(projectDir, 'absent')]: /^HOME is ".*absent", which is no directory: /,
    ...Object.fromEntries(
      ['/', '//', '/.', '/..', toRoot].map((root) => [root, /, which holds the whole file/]),
    ),
  }
  for (const [none, told] of Object.entries(homes)) {
    const config = load({}, { projectDir, home: none })
    t.strictSame(config.access.workspaceRoots, [], none)
    t.match(config.warnings[0], told, none)
    const { access, warnings } = load({ LOOPER_WORKSPACE: 'repo' }, { projectDir, home: none })
    t.strictSame(access.workspaceRoots, [
      { path: path.join(projectDir, 'repo'), withoutDotDirectories: false },
    ])
    t.match(warnings[0], told, none)
    t.notMatch(
      load({ LOOPER_WORKSPACE_ROOTS: '/' }, { projectDir, home: none }).warnings.join(),
      'HOME',
      none,
    )
  }
  t.notMatch(load({}, { projectDir, home }).warnings.join(), 'HOME')
})

t.test('where there is no home, a path in it is refused; / is none to be had by ~', async (t) => {
  const { projectDir } = realPlaces(t)
  const refused = (given: string, why: string) =>
    `"${given}" begins with ~, and HOME ${why}; give a whole path, or set HOME`
  t.strictSame(
    problemsOf(
      { CODEX_EXEC_LOG_DIR: '~/logs', LOOPER_ALLOWED_EXECUTABLES: '/x:~/y', ZULIP_TOPIC: '~/topic' },
      { projectDir, home: '' },
    ),
    [
      `LOOPER_ALLOWED_EXECUTABLES: ${refused('~/y', 'is not set')}`,
      `CODEX_EXEC_LOG_DIR: ${refused('~/logs', 'is not set')}`,
    ],
  )
  const root = { projectDir, home: '/' }
  const whole = 'is "/", which holds the whole file system'
  for (const name of ['LOOPER_WORKSPACE_ROOTS', 'LOOPER_WORKSPACE'])
    t.strictSame(problemsOf({ [name]: '~' }, root), [`${name}: ${refused('~', whole)}`])
  t.equal(load({ LOOPER_DB_PATH: '~/var/ledger.db' }, root).log.dbPath, '/var/ledger.db')
  t.equal(load({}, { projectDir, home: '' }).zulip.rcPath, path.join(projectDir, '~/.zuliprc'))
})

t.test('a default workspace that holds everything is told', async (t) => {
  const told = /Every directory may be a workspace, for LOOPER_WORKSPACE .*; set LOOPER_WORKSPACE_ROOTS/
  t.match(load({ LOOPER_WORKSPACE: '/' }).warnings.join('\n'), told)
  t.notMatch(load({ LOOPER_WORKSPACE: '/', LOOPER_WORKSPACE_ROOTS: '/' }).warnings.join('\n'), told)
})

t.test('names from elsewhere need a token: whoever reaches the proxy could run code here', async (t) => {
  for (const LOOPER_ALLOWED_HOSTS of [
    'looper.example.com',
    'localhost, looper',
    '192.0.2.1',
    'localhost.example',
  ]) {
    t.match(problemsOf({ LOOPER_ALLOWED_HOSTS }), [
      /^LOOPER_ALLOWED_HOSTS: ".*" given without a token.*LOOPER_API_TOKEN or LOOPER_TOKENS_FILE/,
    ])
    const { http, warnings } = load({ LOOPER_ALLOWED_HOSTS, LOOPER_ALLOW_UNAUTHENTICATED: '1' })
    t.equal(http.host, '127.0.0.1')
    t.match(warnings.join('\n'), /Whoever reaches .* can run code here: LOOPER_ALLOW_UNAUTHENTICATED is on/)
    t.doesNotThrow(() => load({ LOOPER_ALLOWED_HOSTS, LOOPER_API_TOKEN: 'x' }))
    t.doesNotThrow(() => load({ LOOPER_ALLOWED_HOSTS, LOOPER_TOKENS_FILE: '/x' }))
  }
  t.equal(
    problemsOf({ LOOPER_ALLOWED_HOSTS: 'a,b', LOOPER_HOST: '0.0.0.0' }).length,
    3,
    'each of them is named',
  )
  t.doesNotThrow(() => load({ LOOPER_ALLOWED_HOSTS: 'localhost, 127.0.0.1, [::1], 127.1, looper.localhost' }))
})

t.test('hosts are read as requests name them, whatever else was pasted along', async (t) => {
  const hosts = (LOOPER_ALLOWED_HOSTS: string) =>
    load({ LOOPER_ALLOWED_HOSTS, LOOPER_API_TOKEN: 'x' }).http.allowedHosts
  const good: Record<string, string[]> = {
    'https://looper.example.com': ['looper.example.com'],
    'HTTP://Looper.Example.com:8443/': ['looper.example.com'],
    'looper.example.com:8443': ['looper.example.com'],
    '"looper.example.com"': ['looper.example.com'],
    '`a`, "b:1" ,\r': ['a', 'b'],
    '"a, b"': ['a', 'b'],
    'looper.example.com.': ['looper.example.com'],
    'bücher.example': ['xn--bcher-kva.example'],
    '::1': ['::1'],
    '[2001:DB8:0:0::1]:3456, my_host': ['2001:db8::1', 'my_host'],
  }
  for (const [given, names] of Object.entries(good)) t.strictSame(hosts(given), names, given)
  for (const bad of [
    '*',
    '*.example.com',
    'a b',
    'a;b',
    'ftp://a',
    'https://a/path',
    'me@a',
    'a?x',
    ',',
    'a, *',
    'a:x',
  ])
    t.match(problemsOf({ LOOPER_ALLOWED_HOSTS: bad, LOOPER_API_TOKEN: 'x' }), [
      /^LOOPER_ALLOWED_HOSTS: ".*" given, expected host names, separated by commas; there are no wildcards$/,
    ])
})

t.test('an address to listen on may stand in brackets; with scheme or port it is refused', async (t) => {
  const host = (LOOPER_HOST: string) => load({ LOOPER_HOST, LOOPER_API_TOKEN: 'x' }).http
  t.match(load({ LOOPER_HOST: '[::1]' }).http, { host: '::1', isLoopback: true })
  t.match(load({ LOOPER_HOST: 'LocalHost' }).http, { host: 'localhost', isLoopback: true })
  t.equal(host('"0.0.0.0"').host, '0.0.0.0')
  t.equal(host('fe80::1%eth0').host, 'fe80::1%eth0')
  for (const bad of [
    'http://localhost',
    '127.0.0.1:3456',
    '[::1]:3456',
    '[localhost]',
    'a b',
    '*',
    'a,b',
    '/run/x',
  ])
    t.match(problemsOf({ LOOPER_HOST: bad, LOOPER_API_TOKEN: 'x' }), [
      /^LOOPER_HOST: ".*" given, expected an address or host name to listen on, without scheme and port$/,
    ])
})

t.test('quotes around a value are left out, where they cannot be a part of it', async (t) => {
  const { projectDir, home } = realPlaces(t)
  const places = { projectDir, home }
  const config = load(
    {
      LOOPER_PORT: '"3457"',
      LOOPER_MIRROR_OUTPUT: "'off'",
      CODEX_EXEC_LOG_DIR: '"~/two words"\r',
      LOOPER_WORKSPACE: '`repo`',
      LOOPER_WORKSPACE_ROOTS: '"repo":"~"',
      LOOPER_TOKENS_FILE: '""',
      LOOPER_LOG_LEVEL: '" info "',
      LOOPER_AGENT_ENV_PASS: '"A","B"',
    },
    places,
  )
  t.equal(config.http.port, 3457)
  t.equal(config.log.mirror, false)
  t.equal(config.log.dir, path.join(home, 'two words'))
  t.equal(config.log.level, 'info')
  t.equal(config.launch.workspace, path.join(projectDir, 'repo'))
  t.strictSame(
    config.access.workspaceRoots.map((root) => root.path),
    [path.join(projectDir, 'repo'), home],
  )
  t.equal(config.http.tokensFile, null)
  t.strictSame(config.access.agentEnvPass, ['A', 'B'])
  for (const given of ['"a', 'a"', `"a'`, '"a"b"', '"'])
    t.equal(load({ CODEX_EXEC_BINARY: given }, places).binary, given, 'these are no quotes around it')
})

t.test('quotes around a word or a key are kept, and told', async (t) => {
  const told = (name: string) =>
    `${name} is in quotes, which count as a part of it (docker --env-file keeps them); leave them out, unless you mean them`
  const config = load({ LOOPER_API_TOKEN: '"secret"', LOOPER_DEFAULT_PROMPT: "'go'", ZULIP_TOPIC: '"x"' })
  t.equal(config.http.token, '"secret"')
  t.match(config.launch.prompt, { text: "'go'" })
  t.strictSame(
    config.warnings.slice(0, 3),
    ['LOOPER_API_TOKEN', 'LOOPER_DEFAULT_PROMPT', 'ZULIP_TOPIC'].map(told),
  )
  for (const LOOPER_API_TOKEN of ['""', "''", '" "'])
    t.match(problemsOf({ LOOPER_API_TOKEN }), [/^LOOPER_API_TOKEN: \(hidden\) given, expected a token/])
})

t.test('a variable in a path is told: no shell has read it', async (t) => {
  const told = /^(\w+) holds a \$, and variables are not looked up in settings/
  const names = (env: NodeJS.ProcessEnv) => load(env).warnings.flatMap((text) => told.exec(text)?.[1] ?? [])
  t.strictSame(
    names({
      CODEX_EXEC_LOG_DIR: '$HOME/logs',
      LOOPER_DB_PATH: '/x/\x24{NAME}.db',
      ZULIPRC_PATH: '/x/$1',
      ZULIP_TOPIC: '$A',
    }),
    ['CODEX_EXEC_LOG_DIR', 'LOOPER_DB_PATH'],
  )
})

t.test('lists of names and paths that hold none are refused', async (t) => {
  for (const name of ['LOOPER_WORKSPACE_ROOTS', 'LOOPER_ALLOWED_EXECUTABLES'])
    t.match(problemsOf({ [name]: ':' }), [new RegExp(`^${name}: ":" given, expected paths`)])
  for (const LOOPER_AGENT_ENV_PASS of ['A B', '$A', 'A=1', ','])
    t.match(problemsOf({ LOOPER_AGENT_ENV_PASS }), [/^LOOPER_AGENT_ENV_PASS: .* expected names of variables/])
  for (const LOOPER_PEOPLE of ['Ada', '0', '8;9', `1${'0'.repeat(15)}`])
    t.match(problemsOf({ LOOPER_PEOPLE }), [
      /^LOOPER_PEOPLE: .* expected user ids of Zulip, separated by commas$/,
    ])
})

t.test('the older name of the delay is read only where the newer one is absent', async (t) => {
  t.equal(load({ PROMPT_SEND_DELAY_SECONDS: '4' }).launch.delayMs, 4000)
  t.equal(load({ PROMPT_SEND_DELAY_SECONDS: '4', CODEX_EXEC_DELAY_SECONDS: '' }).launch.delayMs, 4000)
  t.equal(load({ PROMPT_SEND_DELAY_SECONDS: '4', CODEX_EXEC_DELAY_SECONDS: '0' }).launch.delayMs, 0)
})

t.test('switches are read in any case, and anything else is refused', async (t) => {
  for (const on of ['1', 'true', 'YES', 'On', ' tRuE ']) {
    t.equal(load({ LOOPER_ZULIP_REQUIRED: on }).zulip.required, true, on)
  }
  for (const off of ['0', 'False', 'NO', 'oFF']) {
    t.equal(load({ LOOPER_MIRROR_OUTPUT: off }).log.mirror, false, off)
  }
  for (const wrong of ['2', 'yess', 'y', 'on off', 'null']) {
    t.strictSame(problemsOf({ LOOPER_MIRROR_OUTPUT: wrong }), [
      `LOOPER_MIRROR_OUTPUT: "${wrong}" given, expected one of 1, true, yes, on, 0, false, no, off`,
    ])
  }
})

t.test('log levels are read in any case, with the names that other services use', async (t) => {
  const levels = {
    TRACE: 'trace',
    debug: 'debug',
    Info: 'info',
    WARN: 'warn',
    WARNING: 'warn',
    error: 'error',
    FATAL: 'fatal',
    Critical: 'fatal',
    silent: 'silent',
  }
  for (const [given, level] of Object.entries(levels)) {
    t.equal(load({ LOOPER_LOG_LEVEL: given }).log.level, level, given)
  }
  t.strictSame(problemsOf({ LOOPER_LOG_LEVEL: 'loud' }), [
    'LOOPER_LOG_LEVEL: "loud" given, expected one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, SILENT',
  ])
})

t.test('an empty value counts as not set', async (t) => {
  const empty = NAMES.filter((name) => !FORMS[name]?.isNeverEmpty).map((name) => [name, '  '])
  t.strictSame(load(Object.fromEntries(empty)), load({}))
})

t.test('an empty token is refused, so that a lost secret never opens the service', async (t) => {
  for (const token of ['', '   ']) {
    t.strictSame(problemsOf({ LOOPER_API_TOKEN: token }), [
      'LOOPER_API_TOKEN: "" given, expected a token of at least one character, all of them ASCII; leave the variable out for none',
    ])
  }
})

t.test('a variable that only looks like a setting is told: it may be misspelt', async (t) => {
  const others = {
    HOME: '/x',
    LOOPER_URL: 'x',
    LOOPER_RUN_ID: 'x',
    LOOPER_HOOK_SECRET: 'x',
    CODEX_HOME: '/x',
  }
  t.strictSame(load(others), load({}))
  const { warnings, unknown, ...rest } = load({
    LOOPER_STOP_SCOP: 'own',
    CODEX_EXEC_BINAR: 'x',
    looper_port: '1',
  })
  t.strictSame(unknown, [
    'LOOPER_STOP_SCOP is not a setting; did you mean LOOPER_STOP_SCOPE?',
    'CODEX_EXEC_BINAR is not a setting; did you mean CODEX_EXEC_BINARY?',
    'looper_port is not a setting; did you mean LOOPER_PORT?',
  ])
  t.strictSame(warnings.slice(0, 3), unknown)
  t.match(load({}), rest)
})

t.test('who listens on every interface is told so', async (t) => {
  const told = /every network interface/
  for (const LOOPER_HOST of ['0.0.0.0', '::', '0', '::0', '[::]'])
    t.match(load({ LOOPER_HOST, LOOPER_API_TOKEN: 'x' }).warnings.join('\n'), told)
  t.match(load({ LOOPER_API_TOKEN: 'x' }).warnings.join('\n'), told)
  t.notMatch(load({ LOOPER_HOST: '127.0.0.1', LOOPER_API_TOKEN: 'x' }).warnings.join('\n'), told)
})

t.test('every bad setting is named at once, with what was given and what is expected', async (t) => {
  const places = realPlaces(t)
  const seconds = `expected a number of seconds, 0 to ${MAX_SECONDS}`
  const env = {
    LOOPER_PORT: '70000',
    LOOPER_API_TOKEN: '',
    LOOPER_LOG_LEVEL: 'loud',
    LOOPER_MIRROR_OUTPUT: 'maybe',
    LOOPER_RUN_LOG_KEEP_DAYS: '-1',
    LOOPER_RUN_LOG_KEEP_COUNT: '1.5',
    LOOPER_RUN_LOG_KEEP_MB: '-1',
    LOOPER_RUN_LOG_MAX_MB: 'much',
    LOOPER_DISK_CAP_MB: '-5',
    LOOPER_RESUMABLE_DAYS: 'week',
    LOOPER_MIN_FREE_MB: '1e999',
    LOOPER_MAX_RUNS: '0',
    LOOPER_AUTO_START_SLOT: '../up',
    LOOPER_RUN_TIMEOUT_SECONDS: '1h',
    LOOPER_RUN_STALL_SECONDS: '-1',
    LOOPER_RUN_TOOL_STALL_SECONDS: 'x',
    LOOPER_RUN_STALL_WARN_SECONDS: 'x',
    LOOPER_RUN_TOOL_STALL_WARN_SECONDS: 'x',
    LOOPER_STOP_GRACE_SECONDS: 'never',
    LOOPER_STOP_SCOPE: 'all',
    LOOPER_WORKSPACE: 'absent',
    LOOPER_DEFAULT_PROMPT: 'go',
    LOOPER_DEFAULT_PROMPT_FILE: 'prompt.md',
    LOOPER_AUTO_START_WHEN_IDLE: 'perhaps',
    LOOPER_IDLE_POLL_SECONDS: 'often',
    LOOPER_IDLE_LOG_STALE_SECONDS: '-5',
    LOOPER_AUTO_MAX_RUNS_PER_HOUR: '0',
    CODEX_EXEC_DELAY_SECONDS: 'soon',
    PROMPT_SEND_DELAY_SECONDS: '-0.1',
    CODEX_EXEC_STARTUP_CHECK_SECONDS: '1s',
    LOOPER_ZULIP_REQUIRED: 'si',
    LOOPER_NOTIFY_END: 'never',
    ZULIP_SITE: 'chat.example.com',
    ZULIP_MESSAGE_TYPE: 'private',
    ZULIP_TOPIC: 'x'.repeat(61),
  }
  const expected = [
    'LOOPER_PORT: "70000" given, expected a port, 0 to 65535 (0: any free one)',
    'LOOPER_API_TOKEN: "" given, expected a token of at least one character, all of them ASCII; leave the variable out for none',
    'LOOPER_LOG_LEVEL: "loud" given, expected one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, SILENT',
    'LOOPER_MIRROR_OUTPUT: "maybe" given, expected one of 1, true, yes, on, 0, false, no, off',
    'LOOPER_RUN_LOG_KEEP_DAYS: "-1" given, expected a number of days, 0 to 36500 (0: keep all)',
    'LOOPER_RUN_LOG_KEEP_COUNT: "1.5" given, expected a number of runs, 0 or more (0: keep all)',
    'LOOPER_RUN_LOG_KEEP_MB: "-1" given, expected a number of megabytes, 0 or more (0: keep all)',
    'LOOPER_RUN_LOG_MAX_MB: "much" given, expected a number of megabytes, 0 or more (0: no limit)',
    'LOOPER_DISK_CAP_MB: "-5" given, expected a number of megabytes, 0 or more (0: no cap)',
    'LOOPER_RESUMABLE_DAYS: "week" given, expected a number of days, 0 to 36500',
    'LOOPER_MAX_RUNS: "0" given, expected a number of runs from 1 to 1000',
    'LOOPER_MIN_FREE_MB: "1e999" given, expected a number of megabytes, 0 or more',
    `LOOPER_RUN_TIMEOUT_SECONDS: "1h" given, ${seconds}`,
    `LOOPER_RUN_STALL_SECONDS: "-1" given, ${seconds}`,
    `LOOPER_RUN_TOOL_STALL_SECONDS: "x" given, ${seconds}`,
    `LOOPER_RUN_STALL_WARN_SECONDS: "x" given, ${seconds}`,
    `LOOPER_RUN_TOOL_STALL_WARN_SECONDS: "x" given, ${seconds}`,
    `LOOPER_STOP_GRACE_SECONDS: "never" given, ${seconds}`,
    'LOOPER_STOP_SCOPE: "all" given, expected machine or own',
    'LOOPER_AUTO_START_SLOT: "../up" given, expected a name of letters, digits, and . _ / -',
    'LOOPER_AUTO_START_WHEN_IDLE: "perhaps" given, expected one of 1, true, yes, on, 0, false, no, off',
    `LOOPER_IDLE_POLL_SECONDS: "often" given, expected a number of seconds, up to ${MAX_SECONDS}`,
    `LOOPER_IDLE_LOG_STALE_SECONDS: "-5" given, ${seconds}`,
    'LOOPER_AUTO_MAX_RUNS_PER_HOUR: "0" given, expected a number of runs, 1 to 3600',
    `CODEX_EXEC_DELAY_SECONDS: "soon" given, ${seconds}`,
    `PROMPT_SEND_DELAY_SECONDS: "-0.1" given, ${seconds}`,
    `CODEX_EXEC_STARTUP_CHECK_SECONDS: "1s" given, ${seconds}`,
    'LOOPER_ZULIP_REQUIRED: "si" given, expected one of 1, true, yes, on, 0, false, no, off',
    'LOOPER_NOTIFY_END: "never" given, expected edit, message or off',
    'ZULIP_SITE: "chat.example.com" given, expected an address that begins with https://',
    `ZULIP_TOPIC: "${'x'.repeat(61)}" given, expected a topic of 1 to 60 characters`,
    'LOOPER_WORKSPACE: "absent" is not a directory; name one that exists',
    'LOOPER_DEFAULT_PROMPT and LOOPER_DEFAULT_PROMPT_FILE are both set; set only one',
    'ZULIP_TO: nothing given, expected the recipient, because ZULIP_MESSAGE_TYPE is private',
  ]
  t.strictSame(problemsOf(env, places).toSorted(), expected.toSorted())
})

t.test('the message of a refusal is ready to print, one problem a line', async (t) => {
  t.throws(() => load({ LOOPER_PORT: 'x', LOOPER_STOP_SCOPE: 'y' }), {
    name: 'ConfigError',
    message: [
      'These settings are wrong, so nothing was started:',
      '  LOOPER_PORT: "x" given, expected a port, 0 to 65535 (0: any free one)',
      '  LOOPER_STOP_SCOPE: "y" given, expected machine or own',
    ].join('\n'),
  })
})

t.test('a value with a newline cannot forge a line of the refusal', async (t) => {
  t.strictSame(problemsOf({ LOOPER_PORT: '1\n  LOOPER_HOST: fine' }), [
    'LOOPER_PORT: "1\\n  LOOPER_HOST: fine" given, expected a port, 0 to 65535 (0: any free one)',
  ])
})

t.test('every setting says what a good value is', async (t) => {
  for (const [name, { expected }] of Object.entries(FORMS)) t.match(expected, /\w{2}/, name)
})

t.test('a secret is never shown, whatever else is wrong', async (t) => {
  t.strictSame(
    NAMES.filter((name) => FORMS[name]?.isSecret),
    ['LOOPER_API_TOKEN', 'ZULIP_BOT_API_KEY'],
  )
  t.strictSame(problemsOf({ LOOPER_API_TOKEN: 'hünter2', ZULIP_BOT_API_KEY: 'hunter3', LOOPER_PORT: 'x' }), [
    'LOOPER_PORT: "x" given, expected a port, 0 to 65535 (0: any free one)',
    'LOOPER_API_TOKEN: (hidden) given, expected a token of at least one character, all of them ASCII; leave the variable out for none',
  ])
})

t.test('ports, days and seconds are numbers within their limits', async (t) => {
  t.equal(load({ LOOPER_PORT: ' 65535 ' }).http.port, 65_535)
  t.equal(load({ LOOPER_RUN_LOG_KEEP_DAYS: '36500' }).log.keep.days, 36_500)
  for (const port of ['65536', '-1', '80.5', '1e9', 'NaN', 'Infinity', '-1e999']) {
    t.equal(problemsOf({ LOOPER_PORT: port }).length, 1, `port ${port}`)
  }
  t.equal(problemsOf({ LOOPER_RUN_LOG_KEEP_DAYS: '36501' }).length, 1)
})

t.test('no wait is longer than a timer can be, because Node fires longer ones at once', async (t) => {
  const timers = [
    'LOOPER_IDLE_POLL_SECONDS',
    'LOOPER_IDLE_LOG_STALE_SECONDS',
    'CODEX_EXEC_DELAY_SECONDS',
    'PROMPT_SEND_DELAY_SECONDS',
    'CODEX_EXEC_STARTUP_CHECK_SECONDS',
    'LOOPER_RUN_TIMEOUT_SECONDS',
    'LOOPER_RUN_STALL_SECONDS',
    'LOOPER_RUN_TOOL_STALL_SECONDS',
    'LOOPER_RUN_STALL_WARN_SECONDS',
    'LOOPER_RUN_TOOL_STALL_WARN_SECONDS',
    'LOOPER_STOP_GRACE_SECONDS',
  ]
  t.ok(load({ LOOPER_IDLE_POLL_SECONDS: `${MAX_SECONDS}` }).autopoll.pollMs <= MAX_TIMER_MS)
  for (const name of timers) {
    t.doesNotThrow(() => load({ [name]: `${MAX_SECONDS}` }), name)
    for (const value of [`${MAX_SECONDS + 1}`, '1e300', 'Infinity']) {
      t.match(problemsOf({ [name]: value }), [new RegExp(`^${name}: "${value}" given`)], `${name}=${value}`)
    }
  }
})

t.test('a poll of zero or less falls back to 300 seconds and says so', async (t) => {
  for (const value of ['0', '-1', '-0.5']) {
    const { autopoll, warnings } = load({ LOOPER_IDLE_POLL_SECONDS: value })
    t.equal(autopoll.pollMs, 300_000)
    t.strictSame(warnings, [HOMELESS, `LOOPER_IDLE_POLL_SECONDS is ${value}; using 300`, AUTOPOLL_OFF])
  }
})

t.test('the autopoll is on only with a workspace and a prompt; else it is off and says so', async (t) => {
  const places = realPlaces(t)
  const workspace = { LOOPER_WORKSPACE: 'repo' }
  const prompt = { LOOPER_DEFAULT_PROMPT: 'go' }
  const file = { LOOPER_DEFAULT_PROMPT_FILE: 'prompt.md' }
  for (const env of [
    { ...workspace, ...prompt },
    { ...workspace, ...file },
  ]) {
    const { autopoll, warnings } = load(env, places)
    t.equal(autopoll.enabled, true)
    t.strictSame(warnings, [])
  }
  for (const env of [{}, workspace, prompt, file]) {
    const { autopoll, warnings } = load(env, places)
    t.equal(autopoll.enabled, false)
    t.strictSame(warnings, [AUTOPOLL_OFF])
  }
  const off = load({ ...workspace, ...prompt, LOOPER_AUTO_START_WHEN_IDLE: 'no' }, places)
  t.equal(off.autopoll.enabled, false)
  t.strictSame(off.warnings, [], 'whoever switched it off needs no warning')
})

t.test('a default prompt is a text or a file, never both', async (t) => {
  t.strictSame(load({ LOOPER_DEFAULT_PROMPT: 'go on' }).launch.prompt, { kind: 'text', text: 'go on' })
  t.strictSame(load({ LOOPER_DEFAULT_PROMPT_FILE: 'p.md' }).launch.prompt, {
    kind: 'file',
    path: '/srv/looper/p.md',
  })
  t.strictSame(problemsOf({ LOOPER_DEFAULT_PROMPT: 'go', LOOPER_DEFAULT_PROMPT_FILE: 'p.md' }), [
    'LOOPER_DEFAULT_PROMPT and LOOPER_DEFAULT_PROMPT_FILE are both set; set only one',
  ])
})

t.test('private notices need a recipient', async (t) => {
  t.strictSame(problemsOf({ ZULIP_MESSAGE_TYPE: 'PRIVATE' }), [
    'ZULIP_TO: nothing given, expected the recipient, because ZULIP_MESSAGE_TYPE is private',
  ])
  for (const end of ['edit', 'message', 'off'] as const) {
    t.equal(load({ LOOPER_NOTIFY_END: end.toUpperCase() }).notifyEnd, end)
  }
  t.match(load({ ZULIP_MESSAGE_TYPE: 'private', ZULIP_TO: '12' }).zulip, { type: 'private', to: '12' })
  t.match(load({ ZULIP_MESSAGE_TYPE: 'Stream' }).zulip, { type: 'stream', to: null })
})

t.test('a topic has at most 60 characters, counted as Zulip counts them', async (t) => {
  for (const topic of ['x'.repeat(60), '🦊'.repeat(60)]) {
    t.equal(load({ ZULIP_TOPIC: topic }).zulip.topic, topic)
  }
  for (const topic of ['x'.repeat(61), '🦊'.repeat(61)]) {
    t.match(problemsOf({ ZULIP_TOPIC: topic }), [/expected a topic of 1 to 60 characters$/])
  }
})

t.test('a workspace that is no directory is refused by name, however unreachable it is', async (t) => {
  const places = realPlaces(t)
  for (const workspace of ['absent', 'plain', 'plain/below', 'loop', '~/absent', 'x'.repeat(300)]) {
    t.strictSame(problemsOf({ LOOPER_WORKSPACE: workspace }, places), [
      `LOOPER_WORKSPACE: "${workspace}" is not a directory; name one that exists`,
    ])
  }
})

t.test('relative paths start at the project, and ~ is the home directory', async (t) => {
  const { projectDir, home } = realPlaces(t)
  const places = { projectDir, home }
  const workspaces = { repo: path.join(projectDir, 'repo'), '~/repo': path.join(home, 'repo'), '~': home }
  for (const [given, workspace] of Object.entries(workspaces)) {
    t.equal(load({ LOOPER_WORKSPACE: given }, places).launch.workspace, workspace, given)
  }
  const { log, zulip } = load(
    { CODEX_EXEC_LOG_DIR: 'a/../b', LOOPER_SERVER_LOG_PATH: 'c/s.log', ZULIPRC_PATH: 'rc' },
    places,
  )
  t.equal(log.dir, path.join(projectDir, 'b'))
  t.equal(log.serverLogPath, path.join(projectDir, 'c/s.log'))
  t.equal(zulip.rcPath, path.join(projectDir, 'rc'))
  t.equal(
    load({ CODEX_EXEC_LOG_DIR: '~/logs' }, places).log.serverLogPath,
    path.join(home, 'logs/looper-server.log'),
    'the server log follows the log directory',
  )
  t.equal(log.dbPath, path.join(projectDir, 'b/looper.db'), 'and so does the ledger')
})

t.test('only ~ and ~/ are the home directory', async (t) => {
  const paths = {
    '~': '/home/ada',
    '~/': '/home/ada',
    '~/a b/c': '/home/ada/a b/c',
    '~bob/x': '~bob/x',
    'a/~': 'a/~',
    '/x/~/y': '/x/~/y',
    '': '',
  }
  for (const [given, expected] of Object.entries(paths))
    t.equal(expandHome(given, '/home/ada'), expected, given)
  for (const none of ['', 'ada']) t.equal(expandHome('~/x', none), '~/x', 'where there is no home, it stays')
})

t.test('.env.example names every setting once, and as it is it changes nothing', async (t) => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../.env.example'), 'utf8')
  const names = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name)
  t.strictSame([...names].sort(), [...NAMES].sort())
  t.strictSame(load(parseEnv(text)), load({}))
})

t.test('docs/settings.md explains every setting once', async (t) => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../docs/settings.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `([A-Z][A-Z0-9_]*)`/gm)].map(([, name]) => name)
  t.strictSame([...rows].sort(), [...NAMES].sort())
})

t.test('every example of .env.example is a value that is accepted, and has a comment above it', async (t) => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../.env.example'), 'utf8')
  const lines = text.split('\n')
  const { projectDir, home } = realPlaces(t)
  mkdirSync(path.join(home, 'project'))
  writeFileSync(path.join(home, 'prompt.md'), 'go')
  writeFileSync(path.join(home, 'looper.json'), '{}')
  for (const [i, line] of lines.entries()) {
    const example = /^(?:# )?([A-Z][A-Z0-9_]*)=.*$/.exec(line)
    if (!example) continue
    t.match(lines[i - 1], /^# \S.*[^ ]$/, `${example[1]} is explained`)
    // The one that needs a token, as its comment says.
    const env = { LOOPER_API_TOKEN: 'x', ...parseEnv(line.replace(/^# /, '')) }
    t.doesNotThrow(() => load(env, { projectDir, home }), line)
  }
})

t.test('a warning that would come after the end is told of', async (t) => {
  const late = 'LOOPER_RUN_STALL_WARN_SECONDS is not less than LOOPER_RUN_STALL_SECONDS'
  const warned = (warnAfter: string, endAfter: string) =>
    load({ LOOPER_RUN_STALL_WARN_SECONDS: warnAfter, LOOPER_RUN_STALL_SECONDS: endAfter }).warnings.join('\n')
  t.match(warned('60', '60'), late)
  t.notMatch(warned('59', '60'), late)
  t.notMatch(warned('60', '0'), late)
})
