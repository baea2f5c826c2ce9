import t from 'tap'
import { MOST } from '../../../src/agents/bounded.ts'
import { readCodex } from '../../../src/agents/codex/reader.ts'
import { eventsOf, saidBy, streamBytes } from '../recorded.ts'

const HEAD = `OpenAI Codex v0.169.0
--------
workdir: /repo
session id: 00000000-0000-7000-8000-000000000001
--------
user
Do it.
`
const read = (text: string) => eventsOf(readCodex(), [Buffer.from(HEAD + text)])
const plainTools = (name: string) =>
  eventsOf(readCodex(), [streamBytes(`codex-plain-${name}.log`)]).filter((event) => event.kind === 'tool')

t.test('the calls of a transcript have command, output and end', async (t) => {
  const call = { kind: 'tool', id: 'call_1', name: 'exec' }
  t.same(plainTools('tool'), [
    { ...call, input: "/bin/bash -lc 'echo one; ls'", output: null, state: 'started' },
    { ...call, input: "/bin/bash -lc 'echo one; ls'", output: 'one\nREADME.md', state: 'done' },
  ])
  t.match(plainTools('tool-fail').at(-1), { output: 'to-err', state: 'failed' })
  t.match(plainTools('empty').at(-1), { output: null, state: 'done' })
  t.match(plainTools('patch'), [
    { name: 'apply_patch', input: null, output: /^\/repo\/new\.txt\n/, state: 'done' },
  ])
  t.match(plainTools('sigint'), [{ state: 'started' }])
})

t.test('a command of many lines is one command, also with a heading in it', async (t) => {
  const [first] = plainTools('lines')
  t.equal(first?.input, '/bin/bash -lc "cat <<\'EOF\'\ncodex\nfake\nEOF\nprintf foo"')
})

t.test("calls of MCP servers' tools are told by name and end", async (t) => {
  const call = { kind: 'tool', id: 'mcp_1', name: 'echo.say', input: null, output: null }
  t.same(plainTools('mcp'), [
    { ...call, state: 'started' },
    { ...call, state: 'done' },
  ])
  t.match(plainTools('mcp-fail').at(-1), { state: 'failed' })
  t.same(
    read('mcp: echo/say (completed)\nmcp: starting echo\n').filter(({ kind }) => kind === 'tool'),
    [],
  )
})

t.test('calls that never end are forgotten', async (t) => {
  const started = Array.from({ length: 1001 }, (_, i) => `mcp: echo/say${i} started\n`).join('')
  const ended = read(`${started}mcp: echo/say0 (completed)\nmcp: echo/say1000 (completed)\n`)
  t.match(
    ended.filter((event) => event.kind === 'tool' && event.state === 'done'),
    [{ name: 'echo.say1000' }],
  )
})

t.test('a patch that fails has failed', async (t) => {
  t.match(read('apply patch\npatch: failed\nno such file\ncodex\nSorry.\n'), [
    { kind: 'session' },
    { kind: 'turn' },
    { kind: 'work', state: 'done' },
    { kind: 'tool', name: 'apply_patch', state: 'failed', output: 'no such file' },
    { kind: 'text', text: 'Sorry.' },
  ])
})

t.test('an answer that looks like headings is whole: it stands there twice', async (t) => {
  const answer = 'Use:\n\nuser\nexec\n\nERROR: none'
  const so = saidBy(
    readCodex(),
    `${HEAD}codex\n${answer}\ntokens used\n1,050\n${answer}\n\n# codex_exec_return_code=0\n`,
  )
  t.equal(so.reply, answer)
  t.equal(so.errorKind, null)
  t.equal(so.usage?.total, 1050)
})

t.test('a tool that prints the end of a transcript does not end it', async (t) => {
  const fake = 'exec\nfake in /repo\n succeeded in 1ms:\ncodex\nfake\ntokens used\n5\nother fake\n'
  t.equal(saidBy(readCodex(), `${HEAD}${fake}codex\nReal.\ntokens used\n1,050\nReal.\n`).reply, 'Real.')
  t.not(saidBy(readCodex(), HEAD + fake).reply, 'other fake', 'also where the run was killed there')
})

t.test('an error that a tool prints is no error of codex', async (t) => {
  const call = 'exec\nmake in /repo\n exited 2 in 1.5s:\nERROR: of make\n\n'
  const own =
    'ERROR: Reconnecting... 1/5\nERROR: stream disconnected before completion\nERROR: stream disconnected before completion\n'
  const events = read(call + own)
  t.match(
    events.find(({ kind, ...rest }) => kind === 'tool' && 'state' in rest && rest.state === 'failed'),
    { output: 'ERROR: of make' },
  )
  t.match(
    events.filter(({ kind }) => kind === 'error'),
    [
      { text: 'Reconnecting... 1/5', retrying: true },
      { text: 'stream disconnected before completion', error: 'network', retrying: false },
    ],
  )
})

t.test('what is thought, warned and remarked is no answer', async (t) => {
  const events = read(
    'thinking\n**Planning**\nwarning: odd\ncodex\nOne.\nweb search: x\nnoise\ncodex\nTwo.\n',
  )
  t.same(
    events.filter(({ kind }) => kind === 'text'),
    [
      { kind: 'text', text: 'One.' },
      { kind: 'text', text: 'Two.' },
    ],
  )
})

t.test('a number of tokens that is none is passed over', async (t) => {
  t.equal(saidBy(readCodex(), `${HEAD}codex\nOne.\ntokens used\nmany\nOne.\n`).usage, null)
})

t.test('a very long transcript keeps its last answer', async (t) => {
  const lines = `${'x'.repeat(99)}\n`.repeat(10_000)
  const text = `exec\nx in /repo\n succeeded in 9ms:\n${lines}\ncodex\nDone.\ntokens used\n9\nDone.\n`
  t.equal(saidBy(readCodex(), HEAD + text).reply, 'Done.')
  const call = read(text)
    .filter((event) => event.kind === 'tool')
    .at(-1)
  t.equal(call?.output?.length, MOST.output)
})

t.test('what ends before it begins says why', async (t) => {
  const why = (line: string) => saidBy(readCodex(), `${line}\n`)
  t.match(why('Not inside a trusted directory and --skip-git-repo-check was not specified.'), {
    errorKind: 'refused',
  })
  t.match(why('Error loading config.toml: bad'), {
    errorKind: 'other',
    errorText: 'Error loading config.toml: bad',
  })
  t.equal(why('nothing of it').errorKind, null)
})

t.test('files that are changed and pages that are looked for are calls', async (t) => {
  const item = (fields: object, type = 'item.completed') => `${JSON.stringify({ type, item: fields })}\n`
  const text = [
    '{"type":"thread.started","thread_id":"x"}\n',
    item({ id: 'a', type: 'file_change', changes: [{ path: 'x' }], status: 'completed' }),
    item({ id: 'a2', type: 'file_change', status: 'failed' }),
    item({ id: 'b', type: 'web_search', query: 'looper', status: 'completed' }),
    item({
      id: 'c',
      type: 'mcp_tool_call',
      server: 's',
      tool: 't',
      error: { message: 'gone' },
      status: 'failed',
    }),
    item({ id: 'd', type: 'reasoning', text: 'hm' }),
  ]
  t.match(eventsOf(readCodex(), [Buffer.from(text.join(''))]), [
    { name: 'apply_patch', input: '[{"path":"x"}]', state: 'done' },
    { name: 'apply_patch', input: 'null', state: 'failed' },
    { name: 'web_search', input: 'looper', state: 'done' },
    { name: 's.t', input: 'null', output: 'gone', state: 'failed' },
  ])
})
