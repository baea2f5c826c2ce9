import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { COMMANDS } from '../../src/cli/commands.ts'
import { runCommand } from '../helpers/command.ts'

/** A title, a cleared screen, a colour, C1, a turned direction, a line of one's own. */
const EVIL = '\u001b]0;owned\u0007\u001b[2J\u001b[31m\u009b2J\u202e\r\nlooper: all is well\u2028'
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/
/** The colours of the command itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const OWN = /\u001b\[(1|2|22|3[1236]|39)m/g

const NOW = new Date(0).toISOString()
const RUN = {
  run_id: `${EVIL}12345678`,
  request_id: EVIL,
  name: EVIL,
  failed: true,
  remedy: EVIL,
  message: EVIL,
  prompt: EVIL,
  binary: EVIL,
  command: EVIL,
  outcome: 'lost',
  return_code: EVIL,
  trigger: EVIL,
  caller: EVIL,
  workspace: EVIL,
  requested_at: NOW,
  started_at: NOW,
  ended_at: NOW,
  cause: EVIL,
  pid: EVIL,
  log_path: EVIL,
}
const STATUS = {
  version: EVIL,
  started_at: NOW,
  slot: { taken: true, request_id: EVIL, run_id: EVIL, step: EVIL },
  current: { ...RUN, outcome: null, ended_at: null },
  live_pids: [EVIL],
  autopoll: { enabled: true, next_at: NOW, would_skip: EVIL, paused: false },
  notice: {
    kind: 'zulip',
    route: EVIL,
    problem: EVIL,
    last: { at: NOW, ok: false, output: EVIL },
  },
  outbox: { pending: EVIL, given_up: EVIL, oldest_pending_at: NOW },
  disk: { path: EVIL, free_mb: EVIL, min_free_mb: EVIL, ok: false },
  token: { name: EVIL, scope: EVIL },
  findings: [{ check: EVIL, problem: EVIL, remedy: EVIL }],
  holds: [{ agent: EVIL, held_until: null, waiting_count: EVIL }],
}
const SLOT = {
  slot: EVIL,
  run: RUN,
  launch: { run_id: EVIL, since: NOW, step: EVIL },
  waiting: [{ run_id: EVIL, since: NOW }],
}
const SLOTS = { slots: [SLOT, { ...SLOT, slot: 'b', run: null }], max_runs: EVIL }
const HOLD = { agent: EVIL, since: NOW, until: NOW, held_until: NOW, run_id: EVIL, waiting_count: EVIL }
const CLAIM = { name: EVIL, run_id: EVIL, run_name: EVIL, slot: EVIL, fence: EVIL, since: NOW }
const REPORT = { report_id: EVIL, run_id: EVIL, title: EVIL, version: EVIL, updated_at: NOW, markdown: EVIL }
const FLAG = { flag_id: EVIL, run_id: EVIL, note: EVIL, created_at: NOW }
const SCHEDULED = { scheduled_id: EVIL, name: EVIL, slot: EVIL, due_at: NOW, by_run_id: EVIL }
const ASK = {
  ask_id: EVIL,
  run_id: EVIL,
  question: EVIL,
  choices: [EVIL],
  default: EVIL,
  reference: EVIL,
  state: 'open',
  asked_at: NOW,
  deadline: NOW,
  answer: EVIL,
  answered_by: EVIL,
}
const LIMITS = {
  iterations: EVIL,
  seconds: 1,
  tokens: EVIL,
  cost_usd: null,
  unchanged: EVIL,
  same_failures: EVIL,
}
const LOOP = {
  ...{
    name: EVIL,
    slot: EVIL,
    state: 'paused',
    wish: EVIL,
    cause: EVIL,
    why: EVIL,
    iteration: EVIL,
    hint: EVIL,
  },
  ...{
    started_at: NOW,
    next_round_at: NOW,
    last_output: EVIL,
    limits: LIMITS,
    used: { ...LIMITS, cost_usd: 1 },
  },
  definition: { workspace: EVIL, agent: EVIL, verify: EVIL, completion_word: EVIL, session: EVIL },
}
const ROUND = {
  ...{ round_id: 1, iteration: EVIL, started_at: NOW, ended_at: NOW, error: EVIL, response: EVIL },
  ...{ tokens: 1, cost_usd: 1, changed: false, verdict: EVIL, gate: EVIL, gate_output: EVIL },
}
const MEMORY = { text: EVIL, bytes: EVIL, warning: EVIL }
const VERSION = { version_id: EVIL, memory: EVIL, text: EVIL, by: EVIL, round_id: EVIL, at: NOW }
const LAUNCH = { command: EVIL, workspace: EVIL, binary: EVIL, binary_source: EVIL }
const PLAN = {
  would: 'run',
  notice: { message: EVIL, route: EVIL },
  stop: [
    { pid: EVIL, run_id: EVIL, name: EVIL, age_seconds: EVIL, command: EVIL },
    { pid: EVIL, run_id: null, name: null, age_seconds: null, command: EVIL },
  ],
  launch: { ...LAUNCH, delay_seconds: EVIL, timeout_seconds: 1, stall_seconds: 1 },
}
const DISK = {
  cap_mb: 1,
  bytes: EVIL,
  kept_bytes: EVIL,
  sources: [
    {
      name: EVIL,
      bytes: EVIL,
      count: EVIL,
      oldest: NOW,
      kept: [{ reason: EVIL, count: EVIL, bytes: EVIL }],
      problem: EVIL,
    },
  ],
  would_remove: {
    count: EVIL,
    bytes: EVIL,
    first: [{ source: EVIL, what: EVIL, run_id: EVIL, bytes: EVIL, at: NOW }],
  },
}
const AGENT = {
  name: EVIL,
  default: true,
  program: EVIL,
  version: EVIL,
  logged_in: true,
  model: EVIL,
  models: [EVIL],
  problem: null,
}
const STARTED = {
  run_id: EVIL,
  zulip_output: EVIL,
  codex_exec_result: { pid: EVIL, log_path: EVIL, command: EVIL },
  workspace: EVIL,
  killed_codex_exec_pids: [EVIL],
  remaining_codex_exec_pids: [EVIL],
}

/** What every tool of a run answers. */
const SAID = {
  type: 'text',
  text: JSON.stringify({
    ...{ ask_id: EVIL, state: 'answered', answer: EVIL, note: EVIL, name: EVIL, fence: EVIL },
    ...{ report_id: EVIL, version: EVIL, run: { tokens_used: EVIL }, today: { max_cost_usd: EVIL } },
  }),
}

const RESTORE = {
  ...{ checkpoint: EVIL, added: 1, changed: 1, removed: 1, undo: EVIL },
  files: [{ path: EVIL, change: 'added' }],
}

/** What answers in the service's place, with everything that it can put into words. */
async function startHostile(test: Test, { refuses = false } = {}): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { pathname } = new URL(request.url ?? '', 'http://x')
    const send = (answer: object) => response.end(JSON.stringify(answer))
    if (refuses) {
      response.statusCode = 409
      return send({ ok: false, error: EVIL, code: EVIL, remedy: EVIL })
    }
    if (pathname === '/mcp') return send({ jsonrpc: '2.0', id: 1, result: { content: [SAID] } })
    if (pathname === '/status') return send(STATUS)
    if (pathname === '/disk') return send(DISK)
    if (pathname === '/claims') return send({ claims: [CLAIM] })
    if (pathname.endsWith('/reports')) return send({ reports: [REPORT] })
    if (pathname.startsWith('/reports/')) return send(REPORT)
    if (pathname === '/flags') return send({ flags: [FLAG] })
    if (pathname.startsWith('/flags/')) return send({ ok: true, flag: FLAG })
    if (pathname === '/scheduled') return send({ scheduled: [SCHEDULED] })
    if (pathname.startsWith('/scheduled/')) return send({ ok: true, scheduled: SCHEDULED })
    if (pathname === '/loops') return send({ loops: [LOOP] })
    if (pathname.endsWith('/rounds')) return send({ rounds: [ROUND], next_before: null })
    if (pathname.endsWith('/versions')) return send({ versions: [VERSION], next_before: null })
    if (pathname.endsWith('/memory')) return send({ memory: { persistent: MEMORY, working: MEMORY } })
    if (pathname.endsWith('/restore')) return send({ restore: RESTORE })
    if (pathname.startsWith('/loops/')) return send({ loop: LOOP })
    if (pathname === '/slots') return send(SLOTS)
    if (pathname === '/holds') return send({ holds: [HOLD] })
    if (pathname.startsWith('/holds/')) return send({ ok: true, agent: EVIL, waiting_count: EVIL })
    if (pathname === '/asks') return send({ asks: [ASK, { ...ASK, state: EVIL }] })
    if (pathname.startsWith('/asks/')) return send(ASK)
    if (pathname === '/queue') return send({ waiting: [RUN], slots: [{ slot: EVIL, count: EVIL }] })
    if (pathname.startsWith('/queue/')) return send({ ok: true, run: RUN })
    if (pathname === '/runs') return send({ runs: [RUN] })
    if (pathname === '/agents') return send({ agents: [AGENT, { ...AGENT, problem: EVIL }] })
    if (pathname === '/runs/current' || pathname === `/runs/${ID}`) return send(RUN)
    if (pathname.startsWith('/autopoll/')) return send({ ok: true, run_id: EVIL, name: EVIL })
    if (pathname === '/run') return send(body.includes('"plan"') ? { plan: PLAN } : STARTED)
    if (pathname.endsWith('/stop')) return send({ run: RUN, stopped_pids: [EVIL], remaining_pids: [EVIL] })
    if (!request.url?.includes('follow')) return response.end(EVIL)
    response.write(`id: 1\nevent: output\ndata: ${JSON.stringify({ text: EVIL })}\n\n`)
    response.end(`event: end\ndata: ${JSON.stringify(RUN)}\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.teardown(() => server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

const ID = '00000000-0000-0000-0000-000000000000'
const LINES: readonly (readonly string[])[] = [
  ['agents'],
  ['slots'],
  ['holds'],
  ['holds', 'release', 'claude'],
  ['claims'],
  ['reports', ID],
  ['report', '12'],
  ['flags'],
  ['flags', 'clear', '7'],
  ['loop'],
  ['loop', 'status', 'a'],
  ['loop', 'start', 'a', '--follow'],
  ['loop', 'set', 'a', '--verify', ''],
  ['loop', 'stop', 'a'],
  ['loop', 'rm', 'a'],
  ['loop', 'hint', 'a', 'look'],
  ['loop', 'history', 'a'],
  ['loop', 'restore', 'a', '1'],
  ['loop', 'memory', 'a'],
  ['loop', 'memory', 'a', 'working', '--versions'],
  ['loop', 'memory', 'a', 'working', '--set', 'x'],
  ['scheduled'],
  ['scheduled', 'cancel', '3'],
  ['asks', '--all'],
  ['answer', 'k7m2qd', 'yes'],
  ['ask', 'Which port?'],
  ['tell', 'hello'],
  ['flag', 'hello'],
  ['claim', 'a'],
  ['release', 'a'],
  ['cost'],
  ['report', 'Findings', '-'],
  ['disk'],
  ['disk', '--dry-run'],
  ['queue'],
  ['queue', 'first', ID],
  ['run', 'hello', '--if-running', 'queue'],
  ['status'],
  ['runs'],
  ['run', 'hello'],
  ['run', 'hello', '--plan'],
  ['run', 'hello', '--wait'],
  ['run', 'hello', '--follow'],
  ['rerun', ID],
  ['show', ID],
  ['autopoll', 'launch'],
  ['diff'],
  ['diff', ID],
  ['stop'],
  ['stop', ID],
  ['logs'],
  ['logs', ID, '-f'],
  ['logs', ID, '--tail', '1'],
]

t.test('every command that asks a service is tried here', async (t) => {
  const asking = Object.entries(COMMANDS).flatMap(([name, { common }]) =>
    // The one that opens a browser shows an address, and nothing that a service says; the bridge talks to a program, in JSON.
    common.some((option) => option === 'url') && name !== 'open' && name !== 'mcp' ? [name] : [],
  )
  t.strictSame([...new Set(LINES.map(([name]) => name))].sort(), asking.sort())
})

for (const refuses of [false, true]) {
  t.test(
    `a service that ${refuses ? 'refuses' : 'answers'} with control characters moves no terminal`,
    async (t) => {
      const url = await startHostile(t, { refuses })
      for (const line of LINES) {
        const name = line.join(' ')
        const env = { LOOPER_RUN_ID: ID, LOOPER_RUN_TOKEN: 'a-token' }
        const terminal = { url, env, columns: 80, isErrTerminal: true }
        const { out, err } = await runCommand(line, terminal)
        t.match(out + err, 'owned', name)
        const isLog = ['logs', 'diff', 'report', 'ask'].includes(String(line[0])) || line.includes('--follow')
        // A log keeps its colours and returns, and the terminal gets its own back.
        // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
        const own = isLog ? out.replaceAll('\r\n', '\n').replaceAll(/\u001b\[(31|0)m/g, '') : out
        t.notMatch(own.replace(OWN, ''), OBEYED, name)
        // Only the line that passes goes back to its beginning.
        t.notMatch(err.replaceAll('\r\u001b[K', ''), OBEYED, name)
        if (!isLog && !refuses) t.notMatch(out, /^looper: all is well/m, 'and no line is begun')

        const json = await runCommand([...line, '--json'], terminal)
        t.notMatch(json.out, OBEYED, `${name} --json`)
        for (const one of json.out.trimEnd().split('\n')) t.type(JSON.parse(one), 'object')
        if (!isLog) t.notMatch((await runCommand(line, { url })).out, OBEYED, `${name} | cat`)
      }
    },
  )
}

t.test('only colours of one’s own are shown', async (t) => {
  const url = await startHostile(t)
  const { out } = await runCommand(['status'], { url, columns: 80 })
  t.match(out, '\u001b[1mLooper ', 'its own')
  t.match(out, '\u001b[31m␛]0;owned', 'around what is of others')
  t.notMatch(out, '␛[2J\u001b[31m', 'whose colours are gone')
})
