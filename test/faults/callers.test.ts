import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import {
  assertSettled,
  endOf,
  FAKE_CODEX,
  runsOf,
  serverLogOf,
  setUpFault,
} from '../helpers/fault-service.ts'
import { carriers, killCarriers } from '../helpers/processes.ts'
import { PROJECT, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** The one program that requests may name besides the configured one. */
const vanisher = path.join(t.testdirName, 'vanisher')
const { service, run, watch, workspace, logDir, zulip, dir } = await setUpFault(
  t,
  { LOOPER_ALLOWED_EXECUTABLES: vanisher },
  { bin: '' },
)

t.test(
  '14: an agent that asks for a run from inside itself is stopped, and the new run starts',
  async (t) => {
    const body = JSON.stringify({
      zulip_message: 'x',
      codex_prompt: 'echo second; exec sleep 300',
      workspace,
    })
    const code = `fetch('${service.url}/run',{method:'POST',headers:{'content-type':'application/json'},body:process.argv[1]})`
    const first = await run(`'${process.execPath}' -e "${code}" '${body}'; sleep 300`)
    t.match(await endOf(service, first.runId), { outcome: 'replaced', return_code: -2 })
    await until('the new run is on the record', async () => (await runsOf(service))[0]?.pid !== null)
    const [second] = await runsOf(service)
    t.not(second?.run_id, first.runId)
    t.same(second?.stopped_pids, [first.pid])
    await until('it works', () => textOf(second?.log_path ?? '').includes('\nsecond\n'))
    await until('its request ended', () => serverLogOf(logDir).includes('run.success'))
    await assertSettled(t, service, watch, [second?.run_id ?? ''])
  },
)

for (const step of ['notice', 'delay', 'startup_check']) {
  t.test(`15: a client that disconnects during the ${step} changes nothing`, async (t) => {
    const seen = () => serverLogOf(logDir).split(`"step":"${step}"`).length
    const before = seen()
    const held = Promise.withResolvers<void>()
    zulip.interrupt(async (_request, response) => {
      await held.promise
      response.writeHead(200, { 'content-type': 'application/json' })
      // A message that may be edited when the run ends: another one would be sent in its place.
      response.end(JSON.stringify({ result: 'success', msg: '', id: 42 }))
    })
    if (step !== 'notice') held.resolve()
    const client = new AbortController()
    const request = fetch(`${service.url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        zulip_message: 'x',
        codex_prompt: 'exec sleep 300',
        workspace,
        codex_exec_delay_seconds: 0.3,
        codex_exec_startup_check_seconds: 0.3,
      }),
      signal: client.signal,
    })
    await until('the step', () => seen() > before)
    const successes = serverLogOf(logDir).split('run.success').length
    client.abort()
    await t.rejects(request)
    held.resolve()
    await until(
      'the request is done all the same',
      () => serverLogOf(logDir).split('run.success').length > successes,
    )
    const [fresh] = await runsOf(service)
    await assertSettled(t, service, watch, [fresh?.run_id ?? ''])
  })
}

t.test('16: a service that runs under "codex exec" never stops itself or its ancestors', async (t) => {
  const mark = randomUUID()
  const place = t.testdir({ bin: {}, logs: {} })
  const codex = path.join(place, 'bin/codex')
  copyFileSync(FAKE_CODEX, codex)
  chmodSync(codex, 0o755)
  t.teardown(() => killCarriers(mark))
  const env = { PATH: process.env.PATH, TEST_FILE_ID: process.env.TEST_FILE_ID, MARK: mark }
  const other = spawn(codex, ['exec', 'sleep 300'], { env, stdio: 'ignore' })
  await until('another run', () => carriers(mark).length === 2)

  const fixture = path.join(PROJECT, 'test/fixtures/under-codex.ts')
  const command = `'${process.execPath}' '${fixture}' ${mark} '${place}/logs'; echo "it ended with $?"`
  const outer = spawn(codex, ['exec', `sleep 300 & ${command}; kill $!`], {
    env: { ...env, LOOPER_RUN_ID: 'outer-run' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  outer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  t.same(await once(outer, 'close'), [0, null], 'the outer run ended by itself')
  t.match(output, /\nclosed\nit ended with 0\n$/)
  const { stopped, ancestors, runId } = JSON.parse(output.split('\n')[0] ?? '')
  t.same(stopped, [other.pid], 'the other run was stopped')
  t.ok(ancestors.includes(outer.pid), 'the outer run is an ancestor')
  t.same(carriers(runId), [], 'its own run is stopped at the end')
})

t.test('17: a program that is missing or may not be executed is told before the notice', async (t) => {
  const live = await run('exec sleep 300')
  const plain = path.join(dir, 'plain')
  writeFileSync(plain, '')
  const requests = zulip.requests
  for (const binary of [plain, path.join(dir, 'missing'), 'looper-no-such-program', dir]) {
    t.match(await run('true', { codex_exec_binary: binary }), {
      status: 500,
      body: { code: 'LOOPER_BINARY_MISSING', error: `required tool is missing from PATH: ${binary}` },
    })
  }
  const gone = path.join(dir, 'gone')
  t.match(await run('true', { workspace: gone }), {
    status: 500,
    body: { code: 'LOOPER_WORKSPACE_INVALID', error: `workspace is not a directory: ${gone}` },
  })
  t.equal(zulip.requests, requests)
  await assertSettled(t, service, watch, [live.runId])
})

t.test(
  '17: a program or workspace that vanishes during the notice is told as such, and nothing is stopped',
  async (t) => {
    const live = await run('exec sleep 300')
    const place = t.testdir({ ws: {} })
    const ws = path.join(place, 'ws')
    copyFileSync(FAKE_CODEX, vanisher)
    chmodSync(vanisher, 0o755)
    let vanishing = vanisher
    zulip.onMessage(() => rmSync(vanishing, { recursive: true, force: true }))
    const lost = await run('true', {
      workspace: ws,
      codex_exec_binary: vanisher,
      codex_exec_startup_check_seconds: 30,
    })
    t.match(lost, {
      status: 500,
      body: { code: 'LOOPER_BINARY_MISSING', error: `required tool is missing from PATH: ${vanisher}` },
    })
    t.match((await runsOf(service))[0], {
      outcome: 'failed_to_start',
      pid: null,
      cause: /required tool is missing/,
    })

    vanishing = ws
    t.match(await run('true', { workspace: ws }), {
      status: 500,
      body: { code: 'LOOPER_WORKSPACE_INVALID', error: `workspace is not a directory: ${ws}` },
    })
    const [failed] = await runsOf(service)
    t.match(failed, { outcome: 'failed_to_start', pid: null, cause: `workspace is not a directory: ${ws}` })
    t.same(readdirSync(path.join(logDir, '.runs')), [live.runId], 'no state of them is left')
    t.ok(carriers(live.runId).length > 0)
    await assertSettled(t, service, watch, [live.runId])
  },
)
