import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { claude } from '../../../src/agents/claude/claude.ts'
import { testAgent } from '../suite.ts'

const ID = '00000000-0000-7000-8000-000000000001'
const STEP = { input: 105, cached: 60, output: 20, total: 125 }
const TWO_STEPS = { input: 210, cached: 120, output: 40, total: 250 }

testAgent({
  agent: claude,
  recordings: {
    answer: {
      file: 'claude-answer.jsonl',
      said: {
        sessionId: ID,
        reply: 'Hello from the loopback model.',
        usage: STEP,
        costUsd: 0.000837,
        turns: 1,
      },
    },
    tool: {
      file: 'claude-tool.jsonl',
      said: { sessionId: ID, reply: 'The tool has answered.', usage: TWO_STEPS, costUsd: 0.001674, turns: 2 },
    },
    quota: {
      file: 'claude-429-subscription.jsonl',
      said: {
        sessionId: ID,
        errorKind: 'quota',
        errorText: "You've hit your limit · resets 8:40pm (UTC)",
        errorUntil: 1_790_000_000_000,
      },
    },
    auth: {
      file: 'claude-401.jsonl',
      said: { sessionId: ID, errorKind: 'auth', errorText: 'Invalid API key · Fix external API key' },
    },
    resume: {
      file: 'claude-resume.jsonl',
      said: { sessionId: ID, reply: 'resumed', usage: STEP, costUsd: 0.000837, turns: 1 },
    },
    unknownSession: {
      file: 'claude-resume-unknown.jsonl',
      said: { errorKind: 'other', errorText: `No conversation found with session ID: ${ID}` },
    },
    stopped: {
      file: 'claude-sigint.jsonl',
      said: {
        sessionId: ID,
        usage: STEP,
        costUsd: 0.000837,
        turns: 1,
        errorKind: 'other',
        errorText: 'The run was interrupted.',
      },
    },
    others: [
      {
        file: 'claude-429.jsonl',
        said: {
          sessionId: ID,
          errorKind: 'quota',
          errorText:
            "API Error: Request rejected (429) · This request would exceed your account's rate limit.",
        },
      },
      {
        file: 'claude-nologin.jsonl',
        said: { sessionId: ID, errorKind: 'auth', errorText: 'Not logged in · Please run /login' },
      },
      {
        // The usage of the result is empty, that of the model is not.
        file: 'claude-budget.jsonl',
        said: {
          sessionId: ID,
          usage: STEP,
          costUsd: 0.000837,
          turns: 1,
          errorKind: 'budget',
          errorText: 'Reached maximum budget ($0.0001)',
        },
      },
      {
        // Two results: a command that was moved to the background came back.
        file: 'claude-background.jsonl',
        said: {
          sessionId: ID,
          reply: 'Hello from the loopback model.',
          usage: { input: 315, cached: 180, output: 60, total: 375 },
          costUsd: 0.001674 + 0.000837,
          turns: 3,
        },
      },
      {
        file: 'claude-mcp.jsonl',
        said: {
          sessionId: ID,
          reply: 'The tool has answered.',
          usage: TWO_STEPS,
          costUsd: 0.001674,
          turns: 2,
        },
      },
      {
        file: 'claude-mcp-denied.jsonl',
        said: {
          sessionId: ID,
          reply: 'The tool has answered.',
          usage: TWO_STEPS,
          costUsd: 0.001674,
          turns: 2,
        },
      },
    ],
  },
  call: { name: 'Bash', input: /^\{"command":"echo one; ls"/, output: /^one\nREADME\.md$/ },
  unknownEvent: `{"type":"stream_event","subtype":"new","session_id":"${ID}"}`,
  plainArguments: () => [
    '-p',
    '--output-format',
    'stream-json',
    '--verbose',
    '--allowedTools',
    'Bash,Edit,Write',
    '--permission-mode',
    'acceptEdits',
    '--permission-prompts',
    'none',
  ],
  model: { name: 'sonnet', words: ['--model', 'sonnet'] },
  session: { id: ID, words: ['--resume', ID], others: ['ses_0001', ID.slice(1)] },
  systemIn(task) {
    const { argv, files } = claude.command(task)
    return files[argv[argv.indexOf('--append-system-prompt-file') + 1] ?? '']
  },
  runs: [
    ['claude', '-p'],
    ['/usr/bin/claude', '--model', 'x', '--print', 'do this'],
    ['node', '/usr/lib/node_modules/.bin/claude', '-p'],
    ['/x/claude.exe', '-p'],
  ],
  bystanders: [
    ['claude'],
    ['claude', 'auth', 'status'],
    ['vim', 'claude', '-p'],
    ['bash', '-c', 'claude -p'],
  ],
  version: { output: '2.1.332 (Claude Code)\n', version: '2.1.332' },
  logins: [
    { output: '{\n  "loggedIn": false,\n  "authMethod": "none"\n}\n', status: 1, isLoggedIn: false },
    { output: '{\n  "loggedIn": true,\n  "authMethod": "api_key"\n}\n', status: 0, isLoggedIn: true },
  ],
  models: { output: 'opus\n', models: [] },
  makeSession(home, id) {
    mkdirSync(path.join(home, '.claude/projects/-srv-other'), { recursive: true })
    writeFileSync(path.join(home, `.claude/projects/-srv-other/${id}.jsonl`), '')
    return { HOME: home }
  },
})

t.test('what it may cost it keeps itself, however little', async (t) => {
  const argvFor = (maxCostUsd: number | null) => {
    const asked = { binary: 'claude', workspace: '/w', prompt: 'x', runId: 'r', dir: '/d', model: null }
    return claude.command({ ...asked, system: null, session: null, args: [], maxCostUsd }).argv.join(' ')
  }
  t.match(argvFor(2.5), ' --max-budget-usd 2.5')
  t.match(argvFor(1e-9), ' --max-budget-usd 0.000001')
  t.notMatch(argvFor(null), /budget/)
})
