import { mkdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { endOf, killService, recordOf } from '../helpers/fault-service.ts'
import { callTool as call, connectMcp } from '../helpers/mcp.ts'
import { textOf, until } from '../helpers/service.ts'
import { KEEPING_AGENT, withToolRun } from '../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'processes are told apart in /proc')
  process.exit()
}

t.test(
  'two runs race for a name; the one that has it keeps it, and its death frees it at once',
  async (t) => {
    const { service, token, live, run, dir } = await withToolRun(t)
    const first = await connectMcp(t, service.url, token)
    const workspace = path.join(dir, 'other')
    mkdirSync(workspace)
    const other = await run(KEEPING_AGENT, { slot: 'other', workspace })
    await until('its token', () => textOf(path.join(workspace, 'token')) !== '')
    const second = await connectMcp(t, service.url, textOf(path.join(workspace, 'token')))

    for (let round = 0; round < 20; round++) {
      const name = `task-${round}`
      const answers = await Promise.all([first, second].map((client) => call(client, 'claim', { name })))
      t.equal(answers.filter((answer) => answer.startsWith('error: LOOPER_CLAIM_HELD')).length, 1)
    }
    t.match(await call(second, 'claim', { name: 'mine' }), '"fence":21')
    t.match(
      await call(first, 'claim', { name: 'mine' }),
      new RegExp(`^error: LOOPER_CLAIM_HELD: mine is held by run ${other.runId} \\(a run\\) since 2`),
    )
    t.match(await call(first, 'release', { name: 'mine' }), /^error: LOOPER_CLAIM_HELD/)
    const { claims } = JSON.parse(await (await fetch(`${service.url}/claims`)).text())
    t.equal(claims.length, 21)
    t.match(claims[0], { name: 'mine', run_id: other.runId, run_name: 'a run', slot: 'other', fence: 21 })

    process.kill(other.pid, 'SIGKILL')
    const died = performance.now()
    await until('it is free', async () =>
      (await call(first, 'claim', { name: 'mine' })).includes('"fence":22'),
    )
    const ms = performance.now() - died
    t.ok(ms < 1000, `free after ${Math.round(ms)} ms`)
    t.match(await endOf(service, other.runId), { outcome: 'signaled' })
    t.match(await recordOf(service, live.runId), { outcome: null })
  },
)

t.test('names are plain and short', async (t) => {
  const { service, token } = await withToolRun(t)
  const client = await connectMcp(t, service.url, token)
  for (const name of ['', '.x', '..', 'a/b', '../etc', 'a b', 'ü', 'x\n', 'x'.repeat(65), 7, null, ['x']])
    t.match(await call(client, 'claim', { name }), /^error: /, JSON.stringify(name))
  for (const name of ['x', 'X_1.2-3', '-', 'x'.repeat(64)])
    t.match(await call(client, 'claim', { name }), '"fence"', name)
})

t.test('a claim outlives the service, as its run does', async (t) => {
  const { service, token, live, restart } = await withToolRun(t)
  await call(await connectMcp(t, service.url, token), 'claim', { name: 'x' })
  await killService(service)
  const next = await restart()
  await until('it is taken up', async () => (await recordOf(next, live.runId)).pid !== null)
  const claims = async () => JSON.parse(await (await fetch(`${next.url}/claims`)).text()).claims
  t.match(await claims(), [{ name: 'x', run_id: live.runId }])
  await next.post({ zulip_message: 'stop', codex_prompt: '' })
  await endOf(next, live.runId)
  t.same(await claims(), [])
})
