import t from 'tap'
import type { AgentCore } from '../../src/agents/agent-core.ts'
import { claude } from '../../src/agents/claude/claude.ts'
import { codex } from '../../src/agents/codex/codex.ts'
import { commandAgent } from '../../src/agents/command/command.ts'
import { openCalls } from '../../src/agents/open-calls.ts'
import { opencode } from '../../src/agents/opencode/opencode.ts'
import { streamBytes } from '../agents/recorded.ts'
import { silentRun } from '../helpers/silent-run.ts'

const MINUTE_MS = 60_000
const LIMIT = { stallMs: 600_000, toolStallMs: 14_400_000 }
/** How long an agent takes from one line to the next. */
const LINE_MS = 5_000

const events = commandAgent('speaker', { argv: ['speaker', '{prompt}'], output: 'events' })
const text = commandAgent('texter', { argv: ['texter', '{prompt}'] })

/** What real agents wrote who called tools, and the line, by how it begins, behind which a call is at work. */
const CALLS: readonly (readonly [agent: AgentCore, file: string, begins: string])[] = [
  [codex, 'codex-tool.jsonl', '{"type":"item.started"'],
  [codex, 'codex-json-tool.log', '{"type":"item.started"'],
  [codex, 'codex-mcp.jsonl', '{"type":"item.started"'],
  [codex, 'codex-plain-tool.log', '/bin/bash -lc'],
  [codex, 'codex-plain-tool-fail.log', '/bin/bash -lc'],
  [codex, 'codex-plain-mcp.log', 'mcp: '],
  [claude, 'claude-tool.jsonl', '{"type":"assistant"'],
  [claude, 'claude-mcp.jsonl', '{"type":"assistant"'],
  [claude, 'claude-background.jsonl', '{"type":"system","subtype":"background_tasks_changed","tasks":[{'],
  [opencode, 'opencode-tool.jsonl', '{"type":"step_start"'],
  [events, 'command-events-opencode.jsonl', '{"kind":"tool","id"'],
  [events, 'command-events-codex.jsonl', '{"kind":"tool","id"'],
]
const COUNT = 50

const linesOf = (file: string) => String(streamBytes(file)).split(/(?<=\n)/)

for (let index = 0; index < COUNT; index++) {
  const [agent, file, begins] = CALLS[index % CALLS.length] ?? [codex, '', '']
  const minutes = 10 + Math.round((index * 110) / (COUNT - 1))
  t.test(`${index + 1}: a call of ${minutes} minutes in ${file} is no stall`, async (t) => {
    const calls = openCalls(agent.tellsCallsLate ?? false)
    const run = silentRun(t, { calls })
    const reader = agent.read()
    const lines = linesOf(file)
    const at = lines.findIndex((line) => line.startsWith(begins))
    t.ok(at >= 0, 'a call begins')
    const rest = lines.map((line, number) => ({
      line,
      due: (number + 1) * LINE_MS + (number > at ? minutes * MINUTE_MS : 0),
      isCall: number === at,
    }))
    run.meanwhile(() => {
      while (rest[0] && rest[0].due <= run.ms()) {
        const { line, isCall } = rest.shift() ?? { line: '', isCall: false }
        for (const event of reader.push(Buffer.from(line))) calls.take(event)
        run.say(line)
        if (isCall) run.start()
        else if (run.processes.length > 1) run.processes.pop()
      }
      if (rest.length === 0) run.over.abort()
    })
    t.equal(await run.watch(LIMIT), null)
    t.ok(run.ms() >= minutes * MINUTE_MS)
  })
}

/** Streams that end there, by the number of lines and the bytes of the next one, none of them in a call. */
const HUNG: readonly (readonly [
  agent: AgentCore,
  file: string,
  lines: number,
  bytes: number,
  where: string,
])[] = [
  [codex, 'codex-tool.jsonl', 0, 0, 'before its first word'],
  [codex, 'codex-tool.jsonl', 1, 0, 'after its session'],
  [codex, 'codex-tool.jsonl', 3, 0, 'when a turn began'],
  [codex, 'codex-tool.jsonl', 3, 90, 'in half a line that begins a call'],
  [codex, 'codex-tool.jsonl', 5, 0, "after a call's end"],
  [codex, 'codex-tool.jsonl', 5, 70, 'in half a line of text'],
  [codex, 'codex-tool.jsonl', 7, 0, 'after its last word'],
  [codex, 'codex-mcp.jsonl', 3, 0, 'before a call'],
  [codex, 'codex-plain-tool.log', 12, 0, 'after its settings'],
  [codex, 'codex-plain-tool.log', 22, 0, "after a call's output"],
  [codex, 'codex-plain-tool.log', 24, 0, 'in the midst of text'],
  [codex, 'codex-plain-empty.log', 6, 5, 'in half a line of its settings'],
  [claude, 'claude-tool.jsonl', 1, 0, 'after its session'],
  [claude, 'claude-tool.jsonl', 1, 200, 'in half a line that begins a call'],
  [claude, 'claude-tool.jsonl', 3, 0, "after a call's end"],
  [claude, 'claude-tool.jsonl', 4, 0, 'after text'],
  [claude, 'claude-background.jsonl', 15, 0, 'after what was in the background'],
  [opencode, 'opencode-tool.jsonl', 2, 0, "after a call's end"],
  [opencode, 'opencode-tool.jsonl', 4, 0, 'when a step began'],
  [events, 'command-events-answer.jsonl', 1, 0, 'after its session'],
  [text, 'command-text-tool.log', 7, 0, 'in the midst of text'],
  [text, 'command-text-tool.log', 5, 4, 'in half a line'],
]

t.ok(HUNG.length >= 20)
for (const [agent, file, lines, bytes, where] of HUNG) {
  t.test(`${file} that hangs ${where} is found`, async (t) => {
    const calls = openCalls(agent.tellsCallsLate ?? false)
    const run = silentRun(t, { calls })
    const reader = agent.read()
    const all = linesOf(file)
    const rest = [...all.slice(0, lines), (all[lines] ?? '').slice(0, bytes)]
    let lastAt = 0
    // What a tool left behind, which began before the last word.
    run.start()
    run.meanwhile(() => {
      if (run.ms() % LINE_MS !== 0 || rest.length === 0) return
      const piece = rest.shift() ?? ''
      for (const event of reader.push(Buffer.from(piece))) calls.take(event)
      run.say(piece)
      if (piece !== '') lastAt = run.ms()
    })
    t.match(await run.watch(LIMIT), { outcome: 'stalled', cause: /for 600 s$/ })
    const took = run.ms() - lastAt
    t.ok(took >= LIMIT.stallMs && took <= LIMIT.stallMs + MINUTE_MS, `${took}`)
  })
}
