import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { AgentTask } from '../../../src/agents/agent-core.ts'
import { instructionsRefusal } from '../../../src/agents/codex/arguments.ts'
import { codexAgent } from '../../../src/agents/codex/port.ts'
import { saidBy, streamBytes } from '../recorded.ts'
import { testAgent } from '../suite.ts'
import { PLAIN_TASK, type Recording } from '../suite-case.ts'

const ID = '00000000-0000-7000-8000-000000000001'
const ANSWER = { input: 234, cached: 1000, output: 56, total: 290 }
const TOOL = { input: 468, cached: 2000, output: 112, total: 580 }
const RESUMED = { input: 702, cached: 3000, output: 168, total: 870 }
const LIMIT =
  'You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at '
const UNKNOWN = `thread/resume: thread/resume failed: no rollout found for thread id ${ID} (code -32600)`
const REFUSED = 'unexpected status 401 Unauthorized: bad key, url: http://127.0.0.1:9/v1/responses'
const NO_LOGIN =
  'unexpected status 401 Unauthorized: Missing bearer or basic authentication in header, url: http://127.0.0.1:9/v1/responses'

/** What a transcript for people tells of tokens: how many. */
const tokens = (total: number) => {
  const usage = { input: null, cached: null, output: null, total }
  return { usage, sessionUsage: usage }
}
const plain = (name: string, said: Recording['said']): Recording => ({
  file: `codex-plain-${name}.log`,
  said: { sessionId: ID, turns: 1, ...said },
})

const codex = codexAgent((argv) => argv[0] === 'codex' && argv.includes('exec'))

testAgent({
  agent: codex,
  recordings: {
    answer: {
      file: 'codex-answer.jsonl',
      said: {
        sessionId: ID,
        reply: 'Hello from the loopback model.',
        usage: ANSWER,
        sessionUsage: ANSWER,
        turns: 1,
      },
    },
    tool: {
      file: 'codex-tool.jsonl',
      said: { sessionId: ID, reply: 'The tool has answered.', usage: TOOL, sessionUsage: TOOL, turns: 1 },
    },
    quota: {
      file: 'codex-429.jsonl',
      said: { sessionId: ID, turns: 1, errorKind: 'quota', errorText: `${LIMIT}8:26 PM.` },
    },
    auth: {
      file: 'codex-401.jsonl',
      said: { sessionId: ID, turns: 1, errorKind: 'auth', errorText: REFUSED },
    },
    resume: {
      file: 'codex-resume.jsonl',
      said: { sessionId: ID, reply: 'resumed', usage: RESUMED, sessionUsage: RESUMED, turns: 1 },
    },
    unknownSession: {
      file: 'codex-resume-unknown.jsonl',
      said: { errorKind: 'other', errorText: UNKNOWN },
    },
    stopped: { file: 'codex-sigint.jsonl', said: { sessionId: ID, turns: 1 } },
    others: [
      {
        file: 'codex-429-days.jsonl',
        said: {
          sessionId: ID,
          turns: 1,
          errorKind: 'quota',
          errorText: `${LIMIT}Nov 29th, 2026 8:23 AM.`,
        },
      },
      {
        file: 'codex-budget.jsonl',
        said: { sessionId: ID, turns: 1, errorKind: 'other', errorText: 'budget reached' },
      },
      {
        file: 'codex-nologin.jsonl',
        said: { sessionId: ID, turns: 1, errorKind: 'auth', errorText: NO_LOGIN },
      },
      {
        file: 'codex-mixed-stderr.jsonl',
        said: { sessionId: ID, turns: 1, errorKind: 'auth', errorText: NO_LOGIN },
      },
      {
        file: 'codex-mcp.jsonl',
        said: { sessionId: ID, reply: 'The tool has answered.', usage: TOOL, sessionUsage: TOOL, turns: 1 },
      },
      {
        file: 'codex-json-tool.log',
        said: {
          sessionId: ID,
          reply: 'Done.',
          usage: { input: 2000, cached: 0, output: 100, total: 2100 },
          sessionUsage: { input: 2000, cached: 0, output: 100, total: 2100 },
          turns: 1,
        },
      },
      plain('answer', { reply: 'Hello there.', ...tokens(1050) }),
      plain('tool', { reply: 'Done.', ...tokens(2100) }),
      plain('tool-fail', { reply: 'Done.', ...tokens(2100) }),
      plain('empty', { reply: 'Done.', ...tokens(2100) }),
      plain('patch', { reply: 'Done.', ...tokens(2100) }),
      plain('mcp', { reply: 'Done.', ...tokens(2100) }),
      plain('mcp-fail', { reply: 'Done.', ...tokens(2100) }),
      plain('lines', { reply: 'Done.', ...tokens(2100) }),
      plain('multi', { reply: 'nothing', ...tokens(1050) }),
      plain('stdin', { reply: 'from stdin', ...tokens(1050) }),
      plain('resume', { reply: 'Hello there.', ...tokens(3150) }),
      plain('resume-model', { reply: 'Hello there.', ...tokens(4200) }),
      plain('sigint', tokens(1050)),
      plain('quota', { errorKind: 'quota', errorText: `${LIMIT}8:26 PM.` }),
      plain('401', { errorKind: 'auth', errorText: REFUSED.replace('bad key', 'refused') }),
      plain('resume-unknown', { sessionId: null, turns: 0, errorKind: 'other', errorText: UNKNOWN }),
      plain('bad-flag', {
        sessionId: null,
        turns: 0,
        errorKind: 'other',
        errorText: "unexpected argument '--no-such' found",
      }),
    ],
  },
  call: { name: 'exec', input: /echo one; ls/, output: /^one\nREADME\.md\n$/ },
  unknownEvent: '{"type":"item.updated","item":{"id":"item_9","type":"todo_list"}}',
  plainArguments: ({ workspace, runId, prompt }) => [
    '--ask-for-approval',
    'never',
    'exec',
    '--sandbox',
    'workspace-write',
    '-C',
    workspace,
    '-c',
    `shell_environment_policy.set.LOOPER_RUN_ID=${runId}`,
    '--',
    prompt,
  ],
  model: { name: 'gpt-6', words: ['-m', 'gpt-6'] },
  session: {
    id: ID,
    words: ['resume', ID],
    others: ['ses_0001', 'my-thread', ID.toUpperCase().replace('7', 'A')],
  },
  systemIn,
  runs: [['codex', 'exec']],
  bystanders: [['codex'], ['vim', 'codex']],
  version: { output: 'codex-cli 0.169.0\n', version: '0.169.0' },
  logins: [
    { output: 'Logged in using ChatGPT\n', status: 0, isLoggedIn: true },
    { output: 'Not logged in\n', status: 1, isLoggedIn: false },
    { output: 'Error: no home\n', status: 1, isLoggedIn: null },
  ],
  models: {
    output:
      '{"models":[{"slug":"a","visibility":"list"},{"slug":"b","visibility":"hide"},{"visibility":"list"}]}\n',
    models: ['a'],
  },
  makeSession(home, id) {
    mkdirSync(path.join(home, 'sessions/2026/11/26'), { recursive: true })
    writeFileSync(path.join(home, `sessions/2026/11/26/rollout-2026-11-26T12-00-00-${id}.jsonl`), '')
    return { CODEX_HOME: home, HOME: '/none' }
  },
})

function systemIn(task: AgentTask): string | undefined {
  const word = codex.command(task).argv.find((word) => word.startsWith('developer_instructions='))
  return word === undefined ? undefined : JSON.parse(word.slice(word.indexOf('=') + 1))
}

t.test('a prompt that does not fit an argument, or means stdin, goes through stdin', async (t) => {
  const started = (prompt: string) => codex.command({ ...PLAIN_TASK, prompt })
  for (const prompt of ['-', 'é'.repeat(65_536)]) {
    t.equal(started(prompt).argv.at(-1), '-')
    t.equal(started(prompt).stdin, prompt)
  }
  const fits = 'x'.repeat(131_071)
  t.equal(started(fits).argv.at(-1), fits)
  t.equal(started(fits).stdin, null)
})

t.test('a resumed session keeps its instructions; those that fit no argument are refused', async (t) => {
  t.equal(systemIn({ ...PLAIN_TASK, system: 'Be brief.', session: ID }), undefined)
  const task = { ...PLAIN_TASK, system: '"'.repeat(70_000) }
  t.match(codex.refusalOf(task), /takes 140025 bytes .* 131071 are the most/)
  t.equal(instructionsRefusal({ ...task, session: ID }), null)
})

t.test('what the earlier runs of a session used is taken off', async (t) => {
  const so = saidBy(codex.read(), streamBytes('codex-resume.jsonl'), TOOL)
  t.same(so.usage, ANSWER)
  t.same(so.sessionUsage, RESUMED)
})
