import t from 'tap'
import { readClaude } from '../../../src/agents/claude/reader.ts'
import { eventsOf, saidBy } from '../recorded.ts'

const read = (...events: readonly object[]) =>
  eventsOf(readClaude(), [Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''))])
const assistant = (id: string, ...content: readonly object[]) => ({
  type: 'assistant',
  message: { id, content },
})
const text = (words: string) => ({ type: 'text', text: words })

t.test('the parts of one message are one turn', async (t) => {
  t.same(read(assistant('a', text('One.')), assistant('a', text('Two.')), assistant('b', text(' '))), [
    { kind: 'turn' },
    { kind: 'text', text: 'One.' },
    { kind: 'text', text: 'Two.' },
    { kind: 'turn' },
  ])
})

t.test("a subagent's words are not the agent's", async (t) => {
  t.same(read({ ...assistant('a', text('Inner.')), parent_tool_use_id: 'toolu_1' }), [])
})

t.test('a result that is no message is a text, as of a command', async (t) => {
  t.same(read({ type: 'result', is_error: false, result: 'Total cost: $0' }), [
    { kind: 'text', text: 'Total cost: $0' },
  ])
})

t.test('a refusal of the model is an error, also with status 0', async (t) => {
  t.match(read({ type: 'result', is_error: false, stop_reason: 'refusal', result: 'I cannot.' }), [
    { kind: 'text' },
    { kind: 'error', error: 'refused', retrying: false },
  ])
})

t.test('an error without words has its kind, else is an error all the same', async (t) => {
  t.match(read({ type: 'result', is_error: true, subtype: 'error_max_turns' }), [{ text: 'error_max_turns' }])
  t.match(read({ type: 'result', is_error: true }), [{ text: 'error' }])
  t.match(read({ type: 'system', subtype: 'api_retry' }), [
    { text: /^error \(status unknown\)/, retrying: true },
  ])
})

t.test('a limit that is near, but not reached, is none', async (t) => {
  const limit = {
    type: 'rate_limit_event',
    rate_limit_info: { status: 'allowed_warning', resetsAt: 1_790_000_000 },
  }
  t.match(read(limit, { type: 'result', is_error: true, result: 'API Error: 500' }), [{ until: null }])
})

t.test('usage without models is that of the result; what it cost is not known', async (t) => {
  const usage = {
    input_tokens: 1,
    cache_creation_input_tokens: 2,
    cache_read_input_tokens: 3,
    output_tokens: 4,
  }
  t.match(read({ type: 'result', is_error: false, usage }), [
    { kind: 'usage', of: 'step', input: 3, cached: 3, output: 4, total: 7, costUsd: null },
  ])
})

t.test('the parts of a result of a tool are told as text', async (t) => {
  const content = [text('one'), { type: 'image' }, text('two')]
  const user = { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'x', content }] } }
  t.match(read(user), [{ kind: 'tool', id: 'x', name: '', output: 'one\ntwo', state: 'done' }])
})

t.test('what it says on stderr where it does not start is an error', async (t) => {
  t.match(saidBy(readClaude(), "error: unknown option '--no-such'\n"), {
    errorKind: 'other',
    errorText: /^unknown option/,
  })
})

t.test('what goes on in the background is at work, until it is not any more', async (t) => {
  const tasks = (...ids: readonly unknown[]) => ({
    type: 'system',
    subtype: 'background_tasks_changed',
    tasks: ids.map((task_id) => ({ task_id })),
  })
  t.same(read(tasks('a', 'b', 7), tasks('b', 'c'), { ...tasks(), tasks: 'x' }), [
    { kind: 'work', id: 'task a', state: 'started' },
    { kind: 'work', id: 'task b', state: 'started' },
    { kind: 'work', id: 'task c', state: 'started' },
    { kind: 'work', id: 'task a', state: 'done' },
    { kind: 'work', id: 'task b', state: 'done' },
    { kind: 'work', id: 'task c', state: 'done' },
  ])
})
