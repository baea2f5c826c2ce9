import t from 'tap'
import type { AgentCore } from '../../../src/agents/agent-core.ts'
import { agentNamed } from '../../../src/agents/agents.ts'
import { commandAgent } from '../../../src/agents/command/command.ts'
import { CommandSettings } from '../../../src/agents/command/settings.ts'
import { ajv } from '../../../src/base/ajv.ts'
import { loadConfig } from '../../../src/config.ts'
import { eventsOf, saidBy } from '../recorded.ts'
import { testAgent } from '../suite.ts'
import { PLAIN_TASK } from '../suite-case.ts'

/** An agent as it comes out of a config file. */
function configured(name: string, settings: CommandSettings): AgentCore {
  const dir = t.testdir({ 'looper.json': JSON.stringify({ agents: { [name]: settings } }) })
  const { agents } = loadConfig({ LOOPER_CONFIG: 'looper.json' }, { projectDir: dir, home: dir })
  const found = agentNamed(agents, name)
  if (found === null) throw new Error(`there is no ${name}`)
  return found
}

const ID = 'run-7.1'
const USAGE = { input: 1200, cached: 300, output: 45, total: 1245 }

const TEXT: CommandSettings = {
  argv: [
    'texter',
    '--batch',
    ['--model={model}'],
    ['--continue', '{session}'],
    ['--system', '{system_file}'],
    '--dir',
    '{workspace}',
  ],
  stop: 'SIGINT',
  patterns: {
    session: String.raw`session: (\S+)`,
    text: 'says: (.*)',
    usage: String.raw`tokens: (?<input>[\d,]{1,15}) in, (?<cached>\d{1,12}) cached, (?<output>\d{1,12}) out(?:, \$(?<cost>[\d.]{1,12}))?`,
    error: 'failed: (.*)',
  },
}
const texter = commandAgent('texter', TEXT)

testAgent({
  agent: texter,
  recordings: {
    answer: {
      file: 'command-text-answer.log',
      said: { sessionId: ID, reply: 'Hello, it is done.', usage: USAGE, costUsd: 0.02 },
    },
    tool: {
      file: 'command-text-tool.log',
      said: { sessionId: ID, reply: 'The tool has answered.', usage: USAGE },
    },
    quota: {
      file: 'command-text-quota.log',
      said: { sessionId: ID, errorKind: 'quota', errorText: 'You have hit your usage limit.' },
    },
    auth: {
      file: 'command-text-auth.log',
      said: { sessionId: ID, errorKind: 'auth', errorText: 'status 401: bad key' },
    },
    resume: { file: 'command-text-resume.log', said: { sessionId: ID, reply: 'resumed' } },
    unknownSession: {
      file: 'command-text-unknown.log',
      said: { errorKind: 'other', errorText: 'no such session' },
    },
    stopped: { file: 'command-text-stopped.log', said: { sessionId: ID } },
    others: [],
  },
  call: null,
  unknownEvent: 'something: new',
  plainArguments: ({ workspace }) => ['--batch', '--dir', workspace],
  model: { name: 'large', words: ['--model=large'] },
  session: { id: ID, words: ['--continue', ID], others: ['-x', 'a\nb', 'x'.repeat(201)] },
  systemIn(task) {
    const { argv, files } = texter.command(task)
    return files[argv[argv.indexOf('--system') + 1] ?? '']
  },
  runs: [],
  bystanders: [['texter', '--batch']],
  version: { output: 'texter v2.0.1-beta.3 (linux)\n', version: '2.0.1-beta.3' },
  logins: [{ output: 'Logged in\n', status: 0, isLoggedIn: null }],
  models: { output: 'a\nb\n', models: [] },
  makeSession: null,
})

const EVENTS: CommandSettings = {
  argv: ['holder', ['-m', '{model}'], ['-r', '{session}'], ['-s', '{system_file}'], '--', '{prompt}'],
  output: 'events',
}
const holder = configured('holder', EVENTS)
const holderId = '00000000-0000-7000-8000-000000000001'
const holderUsage = { input: 468, cached: 2000, output: 112, total: 580 }

testAgent({
  agent: holder,
  recordings: {
    answer: {
      file: 'command-events-answer.jsonl',
      said: {
        sessionId: 'ses_0001',
        reply: 'Hello.',
        usage: { input: 1, cached: 0, output: 2, total: 3 },
        sessionUsage: { input: 1, cached: 0, output: 2, total: 3 },
        costUsd: 0.5,
        turns: 1,
      },
    },
    tool: {
      file: 'command-events-codex.jsonl',
      said: { sessionId: holderId, reply: 'The tool has answered.', usage: holderUsage },
    },
    quota: {
      file: 'command-events-quota.jsonl',
      said: {
        sessionId: 'ses_0001',
        errorKind: 'quota',
        errorText: 'Too many.',
        errorUntil: 1_790_000_000_000,
      },
    },
    auth: {
      file: 'command-events-auth.jsonl',
      said: { sessionId: 'ses_0001', errorKind: 'auth', errorText: 'bad key' },
    },
    resume: {
      file: 'command-events-opencode.jsonl',
      said: {
        sessionId: 'ses_0001',
        reply: 'The tool has answered.',
        usage: { input: 40, cached: 60, output: 20, total: 60 },
      },
    },
    unknownSession: {
      file: 'command-events-unknown.jsonl',
      said: { errorKind: 'other', errorText: 'error' },
    },
    stopped: { file: 'command-events-stopped.jsonl', said: { sessionId: 'ses_0001' } },
    others: [],
  },
  call: { name: 'echo one', input: null, output: null },
  unknownEvent: '{"kind":"final","text":"x"}',
  plainArguments: ({ prompt }) => ['--', prompt],
  model: { name: 'provider/model', words: ['-m', 'provider/model'] },
  session: { id: holderId, words: ['-r', holderId], others: [] },
  systemIn(task) {
    const { argv, files } = holder.command(task)
    return files[argv[argv.indexOf('-s') + 1] ?? '']
  },
  runs: [],
  bystanders: [['holder', '--', 'x']],
  version: { output: '10.20.30', version: '10.20.30' },
  logins: [],
  models: { output: 'a\nb\n', models: [] },
  makeSession: null,
})

t.test('without a pattern for it, all lines are the one answer', async (t) => {
  const agent = commandAgent('echo', { argv: ['echo'] })
  const log =
    '# looper_request_id=1\n# command=echo\n\n# Heading\n\nOne.\nTwo.\n\n# codex_exec_return_code=0\n'
  t.same(eventsOf(agent.read(), [Buffer.from(log)]), [{ kind: 'text', text: '# Heading\n\nOne.\nTwo.' }])
  t.same(eventsOf(agent.read(), [Buffer.from('\n\n')]), [])
  const long = saidBy(agent.read(), `first\n${`${'x'.repeat(999)}\n`.repeat(1000)}last\n`).reply ?? ''
  t.ok(long.endsWith('x\nlast') && !long.includes('first'))
})

t.test('a template without a place for it takes no model, no system prompt and no session', async (t) => {
  const agent = commandAgent('echo', { argv: ['echo', '{prompt}'] })
  t.same(agent.can, { resume: false, system: false, model: false })
  t.equal(agent.stop.signal, 'SIGTERM')
  t.equal(agent.refusalOf({ ...PLAIN_TASK, model: 'x' }), 'echo takes no model')
  t.equal(agent.refusalOf({ ...PLAIN_TASK, system: 'x' }), 'echo takes no system prompt')
  t.equal(agent.refusalOf({ ...PLAIN_TASK, session: 'x' }), 'echo cannot go on in a session')
})

t.test('a prompt with a NUL fits no argument', async (t) => {
  t.match(holder.refusalOf({ ...PLAIN_TASK, prompt: 'a\0b' }), /no NUL/)
  t.equal(texter.refusalOf({ ...PLAIN_TASK, prompt: 'a\0b' }), null)
})

t.test('settings are held to their schema', async (t) => {
  const check = ajv().compile(CommandSettings)
  for (const settings of [TEXT, EVENTS, { argv: ['x'] }]) t.ok(check(settings))
  for (const settings of [
    {},
    { argv: [] },
    { argv: [3] },
    { argv: ['x'], prompt: 'x' },
    { argv: ['x'], stop: 'SIGKILL' },
  ]) {
    t.notOk(check(settings), JSON.stringify(settings))
  }
})

t.test('numbers of a session are not added up', async (t) => {
  const { patterns, ...settings } = TEXT
  const agent = commandAgent('x', {
    ...settings,
    patterns: { usage: String(patterns?.usage) },
    usage_of: 'session',
  })
  const line = (count: number) => `tokens: ${count} in, 0 cached, 0 out\n`
  t.equal(saidBy(agent.read(), line(5) + line(7)).usage?.total, 7)
})

t.test('settings that cannot work are refused, with what is wrong', async (t) => {
  const fault = (settings: Partial<CommandSettings>) => () => commandAgent('x', { argv: ['x'], ...settings })
  t.throws(fault({ argv: [] }), { message: 'the first of argv is not the name of a program' })
  t.throws(fault({ argv: [['x']] }), { message: /first of argv/ })
  t.throws(fault({ argv: ['{prompt}'] }), { message: /first of argv/ })
  t.throws(fault({ argv: ['x', '{promt}'] }), { message: /unknown \{promt\}; known are prompt, workspace/ })
  t.throws(fault({ argv: ['x', '--model={model}'] }), { message: /'--model=\{model\}' must stand in a list/ })
  t.throws(fault({ patterns: { usage: '(' } }), { message: 'the pattern for usage is no regular expression' })
})

t.test('a text that is longer than what a pattern looks at is whole', async (t) => {
  const text = 'y'.repeat(10_000)
  t.equal(saidBy(texter.read(), `says: ${text}\n`).reply, text)
  const whole = commandAgent('x', { argv: ['x'], patterns: { text: '.*' } })
  t.equal(saidBy(whole.read(), `${text}\n`).reply, text)
  const part = commandAgent('x', { argv: ['x'], patterns: { text: '(y{1,9}).*' } })
  t.equal(saidBy(part.read(), `${text}\n`).reply, 'y'.repeat(9))
})
