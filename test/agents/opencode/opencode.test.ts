import t from 'tap'
import { opencode } from '../../../src/agents/opencode/opencode.ts'
import { saidBy } from '../recorded.ts'
import { testAgent } from '../suite.ts'
import { PLAIN_TASK } from '../suite-case.ts'

const ID = 'ses_0001'
const STEP = { input: 40, cached: 60, output: 20, total: 60 }
const TWO_STEPS = { input: 80, cached: 120, output: 40, total: 120 }
const QUOTA = 'You exceeded your current quota, please check your plan and billing details.'

testAgent({
  agent: opencode,
  recordings: {
    answer: {
      file: 'opencode-answer.jsonl',
      said: {
        sessionId: ID,
        reply: 'Hello from the loopback model.',
        usage: STEP,
        costUsd: 0.00008,
        turns: 1,
      },
    },
    tool: {
      file: 'opencode-tool.jsonl',
      said: { sessionId: ID, reply: 'The tool has answered.', usage: TWO_STEPS, costUsd: 0.00016, turns: 2 },
    },
    quota: {
      file: 'opencode-429.jsonl',
      said: { sessionId: ID, errorKind: 'quota', errorText: QUOTA },
    },
    auth: { file: 'opencode-401.jsonl', said: { sessionId: ID, errorKind: 'auth', errorText: 'bad key' } },
    resume: {
      file: 'opencode-resume.jsonl',
      said: { sessionId: ID, reply: 'resumed', usage: STEP, costUsd: 0.00008, turns: 1 },
    },
    unknownSession: {
      file: 'opencode-resume-unknown.jsonl',
      said: { errorKind: 'other', errorText: 'Session not found' },
    },
    stopped: { file: 'opencode-sigint.jsonl', said: { sessionId: ID, turns: 1 } },
    others: [
      {
        file: 'opencode-nologin.jsonl',
        said: {
          sessionId: ID,
          errorKind: 'network',
          errorText: 'Cannot connect to API: Unable to connect. Is the computer able to access the url?',
        },
      },
      {
        // Status 0, and no answer.
        file: 'opencode-rejected.jsonl',
        said: {
          sessionId: ID,
          usage: STEP,
          costUsd: 0.00008,
          turns: 1,
          errorKind: 'refused',
          errorText: 'The user rejected permission to use this specific tool call.',
        },
      },
      {
        file: 'opencode-mcp.jsonl',
        said: {
          sessionId: ID,
          reply: 'The tool has answered.',
          usage: TWO_STEPS,
          costUsd: 0.00016,
          turns: 2,
        },
      },
    ],
  },
  call: { name: 'bash', input: /^\{"command":"echo one; ls"/, output: /^one\nREADME\.md\n$/ },
  unknownEvent: '{"type":"new","timestamp":1790000000000,"part":{}}',
  plainArguments: ({ workspace }) => ['run', '--format', 'json', '--dir', workspace],
  model: { name: 'provider/model', words: ['--model', 'provider/model'] },
  session: { id: ID, words: ['--session', ID], others: ['00000000-0000-7000-8000-000000000001', 'ses_'] },
  systemIn(task) {
    const { env, files } = opencode.command(task)
    return files[JSON.parse(String(env.OPENCODE_CONFIG_CONTENT)).instructions?.[0]]
  },
  runs: [
    ['opencode', 'run'],
    ['/usr/bin/opencode', 'run', '--format', 'json'],
    ['node', '/x/.bin/opencode', 'run'],
  ],
  bystanders: [
    ['opencode'],
    ['opencode', 'serve'],
    ['tail', 'opencode', 'run'],
    ['opencode', 'models', 'run'],
  ],
  version: { output: '1.18.33\n', version: '1.18.33' },
  logins: [
    {
      output: '┌  Credentials \u001b[90m~/.local/share/opencode/auth.json\n│\n└  0 credentials\n',
      status: 0,
      isLoggedIn: null,
    },
    { output: '└  2 credentials\n', status: 0, isLoggedIn: true },
    { output: '└  0 credentials\n└  1 environment variable\n', status: 0, isLoggedIn: true },
  ],
  models: {
    output: 'opencode/big-pickle\nloopback/one:free\nnoise here\n',
    models: ['opencode/big-pickle', 'loopback/one:free'],
  },
  makeSession: null,
})

t.test('the rules of a run win over those of the owner and the repository', async (t) => {
  const { env } = opencode.command(PLAIN_TASK)
  t.match(JSON.parse(String(env.OPENCODE_CONFIG_CONTENT)), {
    share: 'disabled',
    permission: { '*': 'allow', external_directory: 'deny', question: 'deny' },
  })
  t.equal(env.PWD, PLAIN_TASK.workspace)
})

t.test('a limit ends when its server says so', async (t) => {
  const error = (headers: object) =>
    JSON.stringify({
      type: 'error',
      timestamp: 1_790_000_000_000,
      sessionID: ID,
      error: { name: 'APIError', data: { message: QUOTA, statusCode: 429, responseHeaders: headers } },
    })
  t.equal(saidBy(opencode.read(), error({ 'retry-after': '90' })).errorUntil, 1_790_000_090_000)
  for (const value of ['soon', '', '-5', 'Infinity', 7]) {
    t.equal(saidBy(opencode.read(), error({ 'retry-after': value })).errorUntil, null, `${value}`)
  }
})

t.test('a cost of 0 is not known: models without a price tell it, too', async (t) => {
  const tokens = { input: 5, output: 1, reasoning: 2, cache: { read: 0, write: 3 } }
  const so = saidBy(opencode.read(), JSON.stringify({ type: 'step_finish', part: { tokens, cost: 0 } }))
  t.same(so.usage, { input: 8, cached: 0, output: 3, total: 11 })
  t.equal(so.costUsd, null)
})

t.test('an error without words has its name', async (t) => {
  const so = saidBy(opencode.read(), '{"type":"error","error":{"name":"MessageOutputLengthError"}}')
  t.equal(so.errorText, 'MessageOutputLengthError')
})
