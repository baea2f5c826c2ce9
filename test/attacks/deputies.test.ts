import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { hashToken } from '../../src/http/tokens.ts'
import { setUpFault } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const token = (name: string, scope: string, more: object = {}) => ({
  name,
  scope,
  sha256: hashToken(name),
  ...more,
})
const KEPT = [
  token('reader', 'read'),
  token('runner', 'run'),
  token('old', 'admin', { expires: '2001-01-01' }),
]
const asRunner = { authorization: 'Bearer runner' }

/** One that asks for what is not its own. */
interface Deputy {
  readonly what: string
  /** What it shows. */
  readonly shows: Readonly<Record<string, string>>
  readonly tool?: string
  readonly args?: object
  /** Where it asks, if not at the tools. */
  readonly route?: readonly [method: 'GET' | 'POST', path: string]
  readonly refused: RegExp
}

t.test('whoever asks in the name of somebody else is refused, and nothing is done', async (t) => {
  const file = path.join(t.testdirName, 'tokens.json')
  const settings = { LOOPER_TOKENS_FILE: file, LOOPER_HOST: '127.0.0.1', LOOPER_AGENT_TOOLS: '1' }
  const first = JSON.stringify({ tokens: [...KEPT, token('revoked', 'admin')] })
  const { service, workspace, zulip } = await setUpFault(t, settings, { 'tokens.json': first })
  const { url } = service

  async function ask(method: string, route: string, shows: Readonly<Record<string, string>>, body?: object) {
    const accept = 'application/json, text/event-stream'
    const headers = { accept, 'content-type': 'application/json', ...shows }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(url + route, { method, headers, ...sent })
    return `${response.status} ${await response.text()}`
  }
  const call = (shows: Readonly<Record<string, string>>, name: string, args: object = {}, route = '/mcp') =>
    ask('POST', route, shows, {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: args },
    })

  async function begin(slot: string, how: string) {
    const prompt = `printf %s "$LOOPER_RUN_TOKEN" >${slot}.new; mv ${slot}.new ${slot}; ${how}`
    const wanted = { zulip_message: slot, codex_prompt: prompt, workspace, slot, share_workspace: true }
    const { body } = await service.post(wanted, asRunner)
    const place = path.join(workspace, slot)
    await until(`the token of ${slot}`, () => textOf(place) !== '')
    return { id: String(body.run_id), shows: { authorization: `Bearer ${textOf(place)}` } }
  }
  const victim = await begin('victim', 'exec sleep 300')
  const run = await begin('deputy', 'exec sleep 300')
  const dead = await begin('dead', 'exit 0')
  await until('it has ended', async () =>
    (await ask('GET', `/runs/${dead.id}`, asRunner)).includes('"exited"'),
  )
  t.match(await call(victim.shows, 'claim', { name: 'the-build' }), /^200 /)
  writeFileSync(file, JSON.stringify({ tokens: KEPT }))

  const told = zulip.messages.length
  const before = await ask('GET', '/runs', asRunner)
  const start = { message: 'x', prompt: 'exit 0', workspace, slot: 'other' }
  const reader = { authorization: 'Bearer reader' }
  const unknown = /"code":-32602.*not found|not found.*"isError":true/
  const invalid = /"isError":true|"error":/
  const stranger = /^401 .*LOOPER_UNAUTHORIZED/
  const deputies: readonly Deputy[] = [
    { what: 'no token', shows: {}, tool: 'start_run', args: start, refused: stranger },
    { what: 'an unknown token', shows: { authorization: 'Bearer x' }, tool: 'list_runs', refused: stranger },
    {
      what: 'the name of a token',
      shows: { authorization: 'Basic runner' },
      tool: 'list_runs',
      refused: stranger,
    },
    {
      what: 'an expired token',
      shows: { authorization: 'Bearer old' },
      tool: 'start_run',
      args: start,
      refused: /^401 .*LOOPER_TOKEN_EXPIRED/,
    },
    {
      what: 'a revoked token',
      shows: { authorization: 'Bearer revoked' },
      tool: 'start_run',
      args: start,
      refused: stranger,
    },
    { what: 'the token of a run that has ended', shows: dead.shows, tool: 'run_info', refused: stranger },
    {
      what: 'the same, to tell people something',
      shows: dead.shows,
      tool: 'tell',
      args: { message: 'x' },
      refused: stranger,
    },
    {
      what: 'the same, to ask for a run',
      shows: dead.shows,
      tool: 'request_run',
      args: { message: 'x' },
      refused: stranger,
    },
    {
      what: 'a token that may read, to start',
      shows: reader,
      tool: 'start_run',
      args: start,
      refused: unknown,
    },
    {
      what: 'a token that may read, to plan',
      shows: reader,
      tool: 'plan_run',
      args: start,
      refused: unknown,
    },
    {
      what: 'a token that may read, to stop',
      shows: reader,
      tool: 'stop_run',
      args: { run_id: victim.id },
      refused: unknown,
    },
    {
      what: 'a token that may read, as a run',
      shows: reader,
      tool: 'tell',
      args: { message: 'x' },
      refused: unknown,
    },
    {
      what: 'a person, as a run',
      shows: asRunner,
      tool: 'request_run',
      args: { message: 'x' },
      refused: unknown,
    },
    {
      what: 'a run, to start as a person does',
      shows: run.shows,
      tool: 'start_run',
      args: start,
      refused: unknown,
    },
    {
      what: 'a run, to stop another',
      shows: run.shows,
      tool: 'stop_run',
      args: { run_id: victim.id },
      refused: unknown,
    },
    {
      what: "a run, to read another's log",
      shows: run.shows,
      tool: 'read_log',
      args: { run_id: victim.id },
      refused: unknown,
    },
    {
      what: 'a run that shows a person’s token beside its own',
      shows: { ...run.shows, 'x-looper-token': 'runner' },
      tool: 'start_run',
      args: start,
      refused: unknown,
    },
    {
      what: 'the same, the other way round',
      shows: { ...asRunner, 'x-looper-token': run.shows.authorization.slice(7) },
      tool: 'start_run',
      args: start,
      refused: unknown,
    },
    {
      what: 'an argument that names another run',
      shows: run.shows,
      tool: 'run_info',
      args: { run_id: victim.id },
      refused: invalid,
    },
    {
      what: 'an argument that says who tells',
      shows: run.shows,
      tool: 'tell',
      args: { message: 'x', run_id: victim.id },
      refused: invalid,
    },
    {
      what: 'a next run in the slot of another',
      shows: run.shows,
      tool: 'request_run',
      args: { message: 'x', prompt: 'y', slot: 'victim' },
      refused: invalid,
    },
    {
      what: 'an argument that says who starts',
      shows: asRunner,
      tool: 'start_run',
      args: { ...start, caller: 'owner' },
      refused: invalid,
    },
    {
      what: 'a name that another run holds',
      shows: run.shows,
      tool: 'claim',
      args: { name: 'the-build' },
      refused: /LOOPER_CLAIM_HELD/,
    },
    {
      what: 'the release of it',
      shows: run.shows,
      tool: 'release',
      args: { name: 'the-build' },
      refused: invalid,
    },
    { what: 'a run, at the API', shows: run.shows, route: ['GET', `/runs/${victim.id}`], refused: stranger },
    {
      what: 'a run, to stop at the API',
      shows: run.shows,
      route: ['POST', `/runs/${victim.id}/stop`],
      refused: stranger,
    },
    {
      what: 'a page of another origin',
      shows: { ...asRunner, origin: 'https://evil.example' },
      tool: 'start_run',
      args: start,
      refused: /^403 /,
    },
  ]
  for (const { what, shows, tool = '', args, route, refused } of deputies) {
    const answer = route ? await ask(...route, shows) : await call(shows, tool, args)
    t.match(answer, refused, what)
  }
  t.match(await call({}, 'start_run', start, '/mcp?token=runner'), stranger, 'a token in the address')
  const meta = { jsonrpc: '2.0', id: 1, method: 'tools/call' }
  const params = { name: 'run_info', arguments: {}, _meta: { run_id: victim.id } }
  t.match(await ask('POST', '/mcp', run.shows, { ...meta, params }), run.id, 'and who it is stays so')

  t.equal(await ask('GET', '/runs', asRunner), before, 'no run came, none ended')
  t.equal(zulip.messages.length, told)
  t.match(await ask('GET', '/claims', asRunner), victim.id)
  for (const { id } of [victim, run]) t.ok(carriers(id).length > 0)
})
