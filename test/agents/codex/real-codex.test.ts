import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { TranscriptAnswer } from '../../../src/logs/transcript-schemas.ts'
import { linuxTable } from '../../../src/processes/linux.ts'
import { runPart } from '../../../src/processes/mark.ts'
import type { RunDetails } from '../../../src/runs/run-schemas.ts'
import { startLoopbackModel, writeCodexHome } from '../../fixtures/loopback-model.ts'
import {
  findObstacles,
  type SandboxMode,
  writeCodexProgram,
  writeScratchRepository,
} from '../../fixtures/real-codex.ts'
import { carriers, runIdOf } from '../../helpers/processes.ts'
import { startTestService, textOf, until } from '../../helpers/service.ts'

const obstacles = findObstacles()
if (obstacles.toRun) {
  t.plan(0, `codex does not run on this machine: ${obstacles.toRun}`)
  process.exit()
}
const noSandbox = obstacles.toSandbox ? `codex cannot sandbox here: ${obstacles.toSandbox}` : false

/** A service whose agent is the real codex in this sandbox mode, asking a model on loopback. */
async function setUp(test: Test, sandbox: SandboxMode) {
  const dir = test.testdir({ logs: {} })
  const workspace = path.join(dir, 'ws')
  writeScratchRepository(workspace)
  const binary = writeCodexProgram(path.join(dir, 'bin'), sandbox)
  const model = await startLoopbackModel()
  test.teardown(() => model.close())
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: binary,
    ...(await writeCodexHome(path.join(dir, 'home'), model)),
  })
  test.teardown(() => service.stop())
  const run = async (prompt: string, other = workspace, more: object = {}) => {
    const { status, body } = await service.post({
      zulip_message: 'x',
      codex_prompt: prompt,
      workspace: other,
      ...more,
    })
    const { pid = 0, log_path: log = '', command = '' } = body.codex_exec_result ?? {}
    return { status, body, pid, log, runId: runIdOf(command) }
  }
  const recordOf = async (runId: string): Promise<Partial<RunDetails>> =>
    JSON.parse(await (await fetch(`${service.url}/runs/${runId}`)).text())
  const ask = async (url: string): Promise<TranscriptAnswer> =>
    JSON.parse(await (await fetch(service.url + url)).text())
  return { run, dir, recordOf, ask }
}

const table = linuxTable()
const MARKS = !spawnSync('prlimit', ['--version']).error
const TOOLS = ['sleep 300', "sh -c 'sleep 300 & sleep 301 & wait'; sleep 302 | cat"]

for (const sandbox of ['workspace-write', 'danger-full-access'] as const) {
  const skip = sandbox === 'workspace-write' ? noSandbox : false
  t.test(`the real codex in ${sandbox}, with its tools, is replaced by a fresh run`, { skip }, async (t) => {
    const { run } = await setUp(t, sandbox)
    for (const tool of TOOLS) {
      const first = await run(`RUN: ${tool}`)
      t.equal(first.status, 200)
      const tools = () =>
        carriers(first.runId).filter((pid) => textOf(`/proc/${pid}/cmdline`).startsWith('sleep\x00'))
      await until('its tool runs', () => tools().length > 0)
      if (MARKS)
        t.equal(table.markOf(tools()[0] ?? 0)?.run, runPart(first.runId), 'its sandbox keeps the mark')
      const second = await run('ECHO: the second run')
      t.ok(second.body.killed_codex_exec_pids?.includes(first.pid))
      t.same(second.body.remaining_codex_exec_pids, [])
      t.same(carriers(first.runId), [], 'no process of the first run is alive')
      t.match(textOf(first.log), /\n# codex_exec_return_code=1\n$/, 'codex ended by itself on the interrupt')
      await until('the second run ends', () => textOf(second.log).endsWith('\n# codex_exec_return_code=0\n'))
      t.match(textOf(second.log), 'the second run')
    }
  })
}

t.test(
  'codex takes a prompt that looks like an option or a subcommand, and a long one, as a prompt',
  async (t) => {
    const { run } = await setUp(t, 'danger-full-access')
    for (const prompt of ['--help', 'review', '-', `ECHO: long\n${'x'.repeat(140_000)}`]) {
      const { log } = await run(prompt)
      await until('it ends', () => /_return_code=\S+\n$/.test(textOf(log)))
      t.match(textOf(log), /\n# codex_exec_return_code=0\n$/, prompt.slice(0, 20))
      t.match(textOf(log), `user\n${prompt.slice(0, 10)}`)
    }
  },
)

t.test('a run of the real codex that fails tells why, and what to do', async (t) => {
  const { run, recordOf } = await setUp(t, 'danger-full-access')
  // Not below the project, which is a repository.
  const noRepository = mkdtempSync(path.join(os.tmpdir(), 'looper-codex-'))
  t.teardown(() => rmSync(noRepository, { recursive: true }))
  const well = await run('ECHO: ERROR: unexpected status 401 Unauthorized')
  await until('it ends', async () => (await recordOf(well.runId)).outcome !== null)
  t.match(await recordOf(well.runId), { return_code: 0, failed: false, cause: null, remedy: null })

  const failures: [prompt: string, workspace: string | undefined, cause: RegExp, remedy: RegExp][] = [
    ['REFUSE', undefined, /^unexpected status 401 Unauthorized: refused/, /^Run "codex login"/],
    ['x', noRepository, /^Not inside a trusted/, /^Run "git init"/],
    // The last one: after it nothing of codex begins.
    ['LIMIT', undefined, /hit your usage limit/, /^Wait until \d{4}-\d\d-\d\dT/],
  ]
  for (const [prompt, workspace, cause, remedy] of failures) {
    const { runId } = await run(prompt, workspace)
    await until('it ends', async () => (await recordOf(runId)).outcome !== null)
    t.match(await recordOf(runId), {
      outcome: 'exited',
      return_code: 1,
      failed: true,
      cause,
      remedy,
      name: 'x',
    })
  }
})

t.test('what the real codex said is on the record, and a run goes on in its session', async (t) => {
  const { run, recordOf, ask } = await setUp(t, 'danger-full-access')
  const first = await run('RUN: echo from-the-tool')
  await until('the first run ends', async () => (await recordOf(first.runId)).outcome !== null)
  const told = await recordOf(first.runId)
  t.match(told, { agent: 'codex', outcome: 'exited', error_kind: null, cost_usd: null })
  t.match(told.session_id, /^[0-9a-f-]{36}$/)
  t.ok(told.reply, 'the last that it said')
  t.ok((told.usage?.total ?? 0) > 0)
  const transcript = await ask(`/runs/${first.runId}/transcript`)
  t.match(transcript, { agent: 'codex', complete: true, next_after: null })
  t.match(JSON.stringify(transcript.entries), 'from-the-tool')

  const second = await run('ECHO: gone on', undefined, { resume: first.runId })
  t.match(second.body.codex_exec_result?.command, `resume ${told.session_id} --`)
  await until('the second run ends', async () => (await recordOf(second.runId)).outcome !== null)
  t.match(await recordOf(second.runId), { session_id: told.session_id, reply: 'gone on' })
})

t.test(
  'a live run has its session on the record within two seconds after codex told it, and keeps it when it is killed',
  async (t) => {
    const { run, recordOf } = await setUp(t, 'danger-full-access')
    const { runId, pid, log } = await run('RUN: sleep 300')
    await until('codex tells its session', () => textOf(log).includes('\nsession id: '))
    const began = Date.now()
    await until('its session', async () => (await recordOf(runId)).session_id !== null)
    t.ok(Date.now() - began < 2000)
    process.kill(pid, 'SIGKILL')
    await until('it ended', async () => (await recordOf(runId)).outcome !== null)
    t.match((await recordOf(runId)).session_id, /^[0-9a-f-]{36}$/)
  },
)
