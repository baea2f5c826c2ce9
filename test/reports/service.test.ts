import t from 'tap'
import { killService, recordOf } from '../helpers/fault-service.ts'
import { callTool as call, connectMcp } from '../helpers/mcp.ts'
import { until } from '../helpers/service.ts'
import { withToolRun } from '../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are told apart in /proc')
  process.exit()
}

const HOSTILE = '<script>alert(1)</script>\n[x](javascript:alert(1))\n\u001b[2J'

t.test('what an agent delivers is read as it wrote it, and is never a page', async (t) => {
  const { service, token, live, restart } = await withToolRun(t)
  const client = await connectMcp(t, service.url, token)
  t.match(await call(client, 'report', { title: 'Summary', markdown: HOSTILE }), '"report_id":1')
  for (const args of [
    { title: '', markdown: 'x' },
    { title: 'a\nb', markdown: 'x' },
    { title: 'x'.repeat(201), markdown: 'x' },
    { title: 'x', markdown: '' },
    { title: 'x', markdown: 'x'.repeat(100_001) },
    { title: 'x', markdown: 'x', run_id: 'another' },
  ])
    t.match(await call(client, 'report', args), /^error: /, JSON.stringify(args).slice(0, 40))
  await killService(service)
  const next = await restart()
  await until('it is taken up', async () => (await recordOf(next, live.runId)).pid !== null)

  const list = await fetch(`${next.url}/runs/${live.runId}/reports`)
  t.match(await list.json(), {
    reports: [{ report_id: 1, run_id: live.runId, title: 'Summary', version: 1, characters: HOSTILE.length }],
  })
  const whole = await fetch(`${next.url}/reports/1`)
  t.match(whole.headers.get('content-type'), /^application\/json/)
  t.match(await whole.json(), { report_id: 1, markdown: HOSTILE })
  const text = await fetch(`${next.url}/reports/1/markdown`)
  t.equal(text.headers.get('content-type'), 'text/markdown; charset=utf-8')
  t.equal(text.headers.get('x-content-type-options'), 'nosniff')
  t.equal(await text.text(), HOSTILE)
  const statuses = async (...paths: string[]) =>
    Promise.all(paths.map(async (one) => (await fetch(`${next.url}${one}`)).status))
  t.same(
    await statuses('/reports/2', '/reports/2/markdown', '/reports/x', '/runs/nobody/reports'),
    [404, 404, 400, 404],
  )
})

t.test('a flag reaches people once, and is cleared with the name of who did', async (t) => {
  const { service, token, live, zulip } = await withToolRun(t)
  const client = await connectMcp(t, service.url, token)
  t.equal(await call(client, 'flag', { note: 'the tests were red before @**all**' }), 'Flag 1 is raised.')
  await until('it arrived', () => zulip.messages.length === 2)
  t.match(zulip.messages[1]?.content, '🚩 the tests were red before @\u200b**all**')
  for (const note of ['', 'x'.repeat(1001), 7]) t.match(await call(client, 'flag', { note }), /^error: /)

  const flagsOf = async (query: string) => {
    const answer = await fetch(`${service.url}/flags${query}`)
    return JSON.parse(await answer.text())
  }
  t.match(await flagsOf(''), {
    flags: [{ flag_id: 1, run_id: live.runId, cleared_at: null, cleared_by: null }],
  })
  t.same(await flagsOf('?run_id=nobody'), { flags: [] })
  t.match(await flagsOf('?limit=0'), { code: 'LOOPER_FIELD_INVALID' })
  t.match(await flagsOf('?state=lost'), {
    code: 'LOOPER_FIELD_INVALID',
    error: '\'state\' must be "open" or "cleared"',
  })
  const clear = async (id: string) => {
    const answer = await fetch(`${service.url}/flags/${id}/clear`, { method: 'POST' })
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }
  t.match(await clear('1'), { status: 200, body: { ok: true, flag: { flag_id: 1, cleared_at: /^2/ } } })
  t.match(await clear('1'), { status: 200 })
  t.match(await clear('2'), { status: 404, body: { code: 'LOOPER_FLAG_NOT_FOUND' } })
  t.match(await clear('one'), { status: 400, body: { error: "'flag_id' must be a number" } })
  t.same(await flagsOf(''), { flags: [] })
  t.match(await flagsOf('?state=cleared'), { flags: [{ flag_id: 1 }] })
  t.equal(zulip.messages.length, 2)
})

t.test('who cleared a flag is known by the token', async (t) => {
  const { service, token, restart } = await withToolRun(t)
  await call(await connectMcp(t, service.url, token), 'flag', { note: 'odd' })
  await killService(service)
  const next = await restart({ LOOPER_API_TOKEN: 'owner' })
  const url = `${next.url}/flags/1/clear`
  t.equal((await fetch(url, { method: 'POST' })).status, 401)
  const owner = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer owner' } })
  t.match(await owner.json(), { flag: { flag_id: 1, cleared_by: 'LOOPER_API_TOKEN' } })
})
