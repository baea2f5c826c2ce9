import path from 'node:path'
import t from 'tap'
import { assertSettled, endOf, killService, recordOf, runsOf } from '../../helpers/fault-service.ts'
import { callTool as call, connectMcp } from '../../helpers/mcp.ts'
import { type TestService, textOf, until } from '../../helpers/service.ts'
import { withToolRun } from '../../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const scheduledOf = async ({ url }: TestService) => {
  const answer = await fetch(`${url}/scheduled`)
  return JSON.parse(await answer.text()).scheduled
}

t.test('a run that its agent scheduled waits for its slot, and is what that run was', async (t) => {
  const { service, token, live, workspace, zulip, watch } = await withToolRun(t, { timeout_seconds: 3600 })
  const client = await connectMcp(t, service.url, token)
  const told = await call(client, 'schedule_next', {
    in_seconds: 1,
    message: 'the next one',
    prompt: 'echo hi',
  })
  const { scheduled_id, run_id: runId } = JSON.parse(told)
  t.equal(scheduled_id, 1)
  await until('it waits for its slot', async () =>
    (await runsOf(service)).some((one) => one.run_id === runId),
  )
  t.match(await recordOf(service, runId), { waiting: true, outcome: null })
  t.same(await scheduledOf(service), [])
  await service.post({ zulip_message: 'stop', codex_prompt: '' })
  await endOf(service, live.runId)
  t.match(await endOf(service, runId), {
    outcome: 'exited',
    return_code: 0,
    trigger: 'tool',
    caller: live.runId,
    name: 'the next one',
    slot: 'default',
    workspace,
    timeout_seconds: 3600,
  })
  t.ok(
    zulip.messages.some(({ content }) => content === 'the next one'),
    'people are told then',
  )
  await assertSettled(t, service, watch)
})

t.test('what cannot be is refused at once, in words; what is scheduled is seen, and cancelled', async (t) => {
  const settings = { LOOPER_SCHEDULE_MAX_PER_SLOT: '1', LOOPER_SCHEDULE_MAX_DAYS: '2' }
  const { service, token, live } = await withToolRun(t, {}, settings)
  const client = await connectMcp(t, service.url, token)
  const at = new Date(Date.now() + 3_600_000).toISOString()
  const ask = (args: Record<string, unknown>) =>
    call(client, 'schedule_next', { message: 'm', prompt: 'x', ...args })
  for (const [args, why] of [
    [{}, /LOOPER_FIELD_INVALID: give either/],
    [{ in_seconds: 5, at }, /LOOPER_FIELD_INVALID: give either/],
    [{ at: '2026-01-01T00:00:00Z' }, /is over already/],
    [{ in_seconds: 3 * 86_400 }, /more than 2 days ahead/],
    [{ in_seconds: 0 }, /^error: /],
    [{ in_seconds: 5, prompt: ' ' }, /LOOPER_FIELD_INVALID/],
    [{ in_seconds: 5, prompt: undefined }, /LOOPER_PROMPT_MISSING/],
    [{ in_seconds: 5, slot: 'another' }, /^error: /],
    [{ in_seconds: 5, message: '' }, /^error: /],
  ] as const)
    t.match(await ask(args), why, JSON.stringify(args))
  t.match(await ask({ at }), '"scheduled_id":1')
  t.match(await ask({ at }), /LOOPER_SCHEDULE_LIMIT: 1 runs are scheduled in slot default/)
  t.match(await scheduledOf(service), [
    { scheduled_id: 1, by_run_id: live.runId, slot: 'default', name: 'm', due_at: at, depth: 1 },
  ])
  const cancel = async (id: string) => {
    const answer = await fetch(`${service.url}/scheduled/${id}/cancel`, { method: 'POST' })
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }
  t.match(await cancel('1'), { status: 200, body: { ok: true, scheduled: { scheduled_id: 1 } } })
  t.match(await cancel('1'), { status: 404, body: { code: 'LOOPER_SCHEDULED_NOT_FOUND' } })
  t.match(await cancel('x'), { status: 400 })
  t.same(await scheduledOf(service), [])
})

t.test('one that came due while the service was killed begins once, after the next start', async (t) => {
  const { service, token, live, workspace, restart, watch } = await withToolRun(t)
  const client = await connectMcp(t, service.url, token)
  const prompt = 'echo once >>began'
  const { run_id: runId } = JSON.parse(
    await call(client, 'schedule_next', { in_seconds: 1, message: 'm', prompt }),
  )
  await killService(service)
  let next = await restart()
  await until('it is on the record', async () => (await runsOf(next)).some((one) => one.run_id === runId))
  await killService(next)
  next = await restart()
  await next.post({ zulip_message: 'stop', codex_prompt: '' })
  await endOf(next, live.runId)
  t.match(await endOf(next, runId), { outcome: 'exited', return_code: 0 })
  await killService(next)
  next = await restart()
  await until('it is up', async () => (await fetch(`${next.url}/ready`)).status === 200)
  t.equal(textOf(path.join(workspace, 'began')), 'once\n')
  t.same(await scheduledOf(next), [])
  t.equal((await runsOf(next)).length, 2)
  await assertSettled(t, next, watch)
})
