import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { RunDetails } from '../../src/runs/run-schemas.ts'
import { setUpFault } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { PROJECT, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const STREAM = path.join(PROJECT, 'test/fixtures/streams/claude-answer.jsonl')
const SESSION = /"session_id":"([0-9a-f-]{36})"/.exec(readFileSync(STREAM, 'utf8'))?.[1] ?? ''

/** A service with a program that stands for claude: it says what the real one said, and does what its prompt says. */
async function setUp(test: Test) {
  const built = await setUpFault(test, {
    LOOPER_CLAUDE_BINARY: path.join(test.testdirName, 'bin/claude'),
    LOOPER_CLAUDE_MODEL: 'opus',
    CLAUDE_CONFIG_DIR: path.join(test.testdirName, 'claude'),
  })
  const bin = path.join(test.testdirName, 'bin')
  mkdirSync(bin, { recursive: true })
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >'${test.testdirName}/argv'\ncat '${STREAM}'\neval "$(cat)"\n`
  writeFileSync(path.join(bin, 'claude'), script)
  chmodSync(path.join(bin, 'claude'), 0o755)
  const argv = () => textOf(path.join(test.testdirName, 'argv')).trim().split('\n')
  const recordOf = async (runId: string): Promise<RunDetails> =>
    JSON.parse(await (await fetch(`${built.service.url}/runs/${runId}`)).text())
  const ended = async (runId: string) => {
    await until('it ended', async () => (await recordOf(runId)).outcome !== null)
    return recordOf(runId)
  }
  return { ...built, argv, recordOf, ended }
}

t.test('a run of another agent is started as it wants, and what it said is on the record', async (t) => {
  const { run, argv, ended, zulip, service } = await setUp(t)
  const { body, runId } = await run('true', { agent: 'claude', system_prompt: 'Be brief.' })
  t.match(body, { ok: true, codex_exec_approval_policy: null, codex_exec_sandbox: null })
  t.match(await ended(runId), {
    agent: 'claude',
    model: 'opus',
    outcome: 'exited',
    return_code: 0,
    session_id: SESSION,
    error_kind: null,
    reply: /\S/,
    usage: { input: Number, output: Number },
    cost_usd: Number,
  })
  const { runs } = JSON.parse(await (await fetch(`${service.url}/runs`)).text())
  t.match(runs, [{ agent: 'claude', model: 'opus', session_id: SESSION, cost_usd: Number, turns: Number }])
  const words = argv()
  t.match(words.join(' '), '--model opus')
  t.ok(words.includes('--append-system-prompt-file'))
  t.equal(zulip.messages.length, 1)
})

t.test(
  'a run goes on in the session of another; one that is gone is refused before anything happens',
  async (t) => {
    const { run, argv, ended, zulip, service } = await setUp(t)
    const first = await run('true', { agent: 'claude' })
    await ended(first.runId)
    const projects = path.join(t.testdirName, 'claude/projects/p')
    const refused = async (more: object) => {
      const before = zulip.messages.length
      const { status, body } = await service.post({
        zulip_message: 'x',
        codex_prompt: 'true',
        workspace: first.body.workspace,
        ...more,
      })
      t.equal(zulip.messages.length, before, 'nobody was told')
      return `${status} ${body.code}`
    }
    mkdirSync(projects, { recursive: true })
    t.equal(await refused({ resume: first.runId }), '409 LOOPER_RESUME_REFUSED', 'its session is gone')
    writeFileSync(path.join(projects, `${SESSION}.jsonl`), '')
    t.equal(await refused({ resume: first.runId, agent: 'codex' }), '409 LOOPER_RESUME_REFUSED')
    t.equal(await refused({ resume: 'nobody' }), '404 LOOPER_RUN_NOT_FOUND')
    t.equal(await refused({ agent: 'nobody' }), '400 LOOPER_AGENT_UNKNOWN')
    t.equal(await refused({ model: '--danger' }), '400 LOOPER_AGENT_REFUSED')
    const plain = await run('exit 0')
    await ended(plain.runId)
    t.equal(await refused({ resume: plain.runId }), '409 LOOPER_RESUME_REFUSED', 'no session is known')

    const second = await run('true', { resume: first.runId })
    t.match(await ended(second.runId), { agent: 'claude', session_id: SESSION })
    const words = argv()
    t.equal(words[words.indexOf('--resume') + 1], SESSION)
  },
)

t.test('who goes on in what runs stops it politely, and where it cannot, stops nothing', async (t) => {
  const { run, argv, recordOf, ended, service, workspace } = await setUp(t)
  const first = await run('exec sleep 300', { agent: 'claude' })
  const more = { zulip_message: 'x', codex_prompt: 'true', if_running: 'resume' }
  await until('its session is known', async () => (await recordOf(first.runId)).session_id !== null)
  const projects = path.join(t.testdirName, 'claude/projects/p')
  mkdirSync(projects, { recursive: true })
  t.match(await service.post(more), { status: 409, body: { code: 'LOOPER_RESUME_REFUSED' } }, 'it is gone')
  t.match(await recordOf(first.runId), { outcome: null }, 'it runs on')
  writeFileSync(path.join(projects, `${SESSION}.jsonl`), '')
  const { status, body } = await service.post(more)
  t.match({ status, body }, { status: 200, body: { workspace, killed_codex_exec_pids: [first.pid] } })
  t.match(await recordOf(first.runId), {
    outcome: 'replaced',
    cause: `run ${body.run_id} goes on in its session`,
  })
  t.match(await ended(String(body.run_id)), { agent: 'claude', session_id: SESSION })
  const words = argv()
  t.equal(words[words.indexOf('--resume') + 1], SESSION)
})

t.test('its private files are its own, and gone when it has ended', async (t) => {
  const { run, argv, ended, logDir } = await setUp(t)
  const { runId } = await run('until [ -e go ]; do sleep 0.05; done', {
    agent: 'claude',
    system_prompt: 'Be exact.',
  })
  await until('it has begun', () => argv().includes('--append-system-prompt-file'))
  const words = argv()
  const file = String(words[words.indexOf('--append-system-prompt-file') + 1])
  t.equal(textOf(file), 'Be exact.')
  t.match(file, path.join(logDir, '.runs'))
  writeFileSync(path.join(t.testdirName, 'workspace/go'), '')
  await ended(runId)
  await until('it is gone', () => textOf(file) === '')
})

t.test('its runs are replaced with all they started, and those of strangers are left alone', async (t) => {
  const { run } = await setUp(t)
  const first = await run('sleep 300 & setsid sleep 300 & wait', { agent: 'claude' })
  await until('its tools run', () => carriers(first.runId).length >= 3)
  const second = await run('exit 0')
  t.same(carriers(first.runId), [])
  t.equal(second.body.killed_codex_exec_pids?.length, 1)
})
