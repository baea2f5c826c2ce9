import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { RunDetails } from '../../../src/runs/run-schemas.ts'
import { runCommand } from '../../helpers/command.ts'
import { killService, setUpFault } from '../../helpers/fault-service.ts'
import { carriers } from '../../helpers/processes.ts'
import { type TestService, textOf, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** What both agents of the file do: they keep their arguments, and do what their prompt says. */
const program = (dir: string, before: string, after: string) => `#!/bin/sh
printf '%s\\n' "$@" >'${dir}/argv'
${before}
eval "$(cat)"
${after}
`

/** A service with a config file of two agents, one that writes for people and one that writes events. */
async function setUp(test: Test) {
  const dir = test.testdirName
  const config = `{
    // Two of my own.
    "agents": {
      "texter": {
        "argv": ["${dir}/bin/texter", ["--model", "{model}"], ["--continue", "{session}"], ["--system", "{system_file}"]],
        "model": "small",
        "version": ["--version"],
        "patterns": {
          "session": "session: (\\\\S+)",
          "text": "says: (.*)",
          "usage": "tokens: (?<input>[\\\\d,]{1,15}) in, (?<output>\\\\d{1,12}) out",
        },
      },
      "eventer": { "argv": ["${dir}/bin/eventer"], "output": "events" },
    },
  }`
  const built = await setUpFault(
    test,
    { LOOPER_CONFIG: `${dir}/config.json`, LOOPER_AGENT: 'texter' },
    {
      'config.json': config,
    },
  )
  mkdirSync(path.join(dir, 'bin'))
  const write = (name: string, before: string, after: string) => {
    writeFileSync(path.join(dir, 'bin', name), program(dir, before, after))
    chmodSync(path.join(dir, 'bin', name), 0o755)
  }
  write(
    'texter',
    '[ "$1" = --version ] && { echo texter 1.2.3; exit; }\necho session: s-1',
    'echo says: Done.\necho tokens: 1,200 in, 7 out',
  )
  const event = (fields: object) => `echo '${JSON.stringify(fields)}'`
  write('eventer', event({ kind: 'session', id: 'e-1' }), event({ kind: 'text', text: 'All done.' }))
  const get = async (address: string, { url }: TestService = built.service) =>
    (await fetch(url + address)).text()
  const recordOf = async (runId: string, service?: TestService): Promise<RunDetails> =>
    JSON.parse(await get(`/runs/${runId}`, service))
  const ended = async (runId: string, service?: TestService) => {
    await until('it ended', async () => (await recordOf(runId, service)).outcome !== null)
    return recordOf(runId, service)
  }
  return { ...built, get, recordOf, ended, argv: () => textOf(`${dir}/argv`).trim().split('\n') }
}

t.test('a run of an agent from the config file, with its model, its session and what it said', async (t) => {
  const { run, ended, argv, get, service, zulip } = await setUp(t)
  const first = await run('true')
  t.match(await ended(first.runId), {
    agent: 'texter',
    model: 'small',
    session_id: 's-1',
    reply: 'Done.',
    usage: { input: 1200, output: 7 },
    cost_usd: null,
    error_kind: null,
  })
  t.same(argv(), ['--model', 'small'])
  const { runId } = await run('true', { agent: 'texter', model: 'large', resume: first.runId })
  t.match(await ended(runId), { model: 'large', session_id: 's-1', reply: 'Done.' })
  t.same(argv(), ['--model', 'large', '--continue', 's-1'])
  t.match(await get(`/runs/${runId}/transcript`), /"Done\."/)

  const other = await run('true', { agent: 'eventer' })
  t.match(await ended(other.runId), { agent: 'eventer', session_id: 'e-1', reply: 'All done.', usage: null })
  const told = zulip.messages.length
  t.match(await run('true', { agent: 'eventer', model: 'x' }), {
    status: 400,
    body: { code: 'LOOPER_AGENT_REFUSED' },
  })
  t.match(await run('true', { agent: 'eventer', resume: first.runId }), { status: 409 })
  t.equal(zulip.messages.length, told, 'nobody was told')

  const { agents } = JSON.parse(await get('/agents'))
  t.match(agents.slice(-2), [
    { name: 'texter', default: true, version: '1.2.3', model: 'small', problem: null },
    { name: 'eventer', version: null, can: { resume: false, model: false }, problem: null },
  ])
  t.match((await runCommand(['agents'], { url: service.url })).out, /^texter \* +1\.2\.3, .*bin\/texter$/m)
})

t.test('what it says while the service is dead is on the record afterwards', async (t) => {
  const { run, recordOf, ended, service, workspace, restart } = await setUp(t)
  const { runId } = await run('until [ -e go ]; do sleep 0.05; done')
  await until('its session is known', async () => (await recordOf(runId)).session_id === 's-1')
  await killService(service)
  const next = await restart()
  writeFileSync(path.join(workspace, 'go'), '')
  t.match(await ended(runId, next), { outcome: 'exited', return_code: 0, session_id: 's-1', reply: 'Done.' })
})

t.test('it is stopped in a tool call with all that it started, and its session is known', async (t) => {
  const { run, ended } = await setUp(t)
  const { runId } = await run('sleep 300 & setsid sleep 300 & wait', { agent: 'eventer' })
  await until('its tools run', () => carriers(runId).length >= 3)
  await run('true')
  t.same(carriers(runId), [])
  t.match(await ended(runId), { outcome: 'replaced', session_id: 'e-1', reply: null })
})
