import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { moment } from '../../src/cli/human.ts'
import { runCommand } from '../helpers/command.ts'

const world = { clock: { ...systemClock, now: () => Date.parse('2026-11-01T10:00:00Z') } }
const ID = '3f2a0000-0000-0000-0000-000000000000'
const AT = '2026-11-01T09:58:00.000Z'
const REPORT = { report_id: 12, title: 'Summary', version: 1, updated_at: AT }
const FLAG = { flag_id: 7, run_id: ID, note: 'odd', created_at: AT }

/** A service that answers these, and what else was asked of it. */
async function answering(test: Test, answers: Record<string, object>) {
  const posted: string[] = []
  const server = createServer(({ method, url = '' }, response) => {
    if (method === 'POST') posted.push(url)
    const answer = answers[url]
    if (answer === undefined) response.statusCode = 404
    response.end(JSON.stringify(answer ?? { ok: false, error: 'none', code: 'LOOPER_NOT_FOUND' }))
  }).listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, posted }
}

t.test('reports of a run are listed, and one is shown as it is', async (t) => {
  const second = { ...REPORT, report_id: 13, title: 'Plan', version: 3 }
  const { url } = await answering(t, {
    [`/runs/${ID}/reports`]: { reports: [REPORT, second] },
    '/runs/current': { run_id: ID },
    '/reports/12': { report_id: 12, markdown: '# Summary\n\tdone' },
  })
  const when = moment(AT)
  const listed = `  12  Summary (${when})\n  13  Plan (${when}, version 3)\nRead one with: looper report ID\n`
  t.equal((await runCommand(['reports', ID], { url })).out, listed)
  t.equal((await runCommand(['reports'], { url })).out, listed)
  t.match(JSON.parse((await runCommand(['reports', ID, '--json'], { url })).out), {
    reports: [REPORT, second],
  })
  t.equal((await runCommand(['report', '12'], { url })).out, '# Summary\n\tdone\n')
  t.match(JSON.parse((await runCommand(['report', '12', '--json'], { url })).out), { report_id: 12 })
  t.match(await runCommand(['report', '13'], { url }), { status: 66 })
  t.match(await runCommand(['report', '../runs'], { url }), { status: 2, err: /is no id of a report/ })
  const none = await answering(t, { [`/runs/${ID}/reports`]: { reports: [] } })
  t.equal((await runCommand(['reports', ID], { url: none.url })).out, 'This run has no reports.\n')
})

t.test('flags are listed, and cleared by number', async (t) => {
  const { url, posted } = await answering(t, {
    '/flags': { flags: [FLAG] },
    '/flags/7/clear': { ok: true, flag: FLAG },
  })
  t.equal(
    (await runCommand(['flags'], { url, world })).out,
    '   7  run 3f2a0000  2 m ago  odd\nSay that you have looked with: looper flags clear ID\n',
  )
  t.match(JSON.parse((await runCommand(['flags', '--json'], { url })).out), { flags: [FLAG] })
  t.equal((await runCommand(['flags', 'clear', '7'], { url })).out, 'Cleared flag 7 of run 3f2a0000\n')
  t.match(JSON.parse((await runCommand(['flags', 'clear', '7', '--json'], { url })).out), { flag: FLAG })
  for (const line of [
    ['flags', 'clear'],
    ['flags', 'clear', 'all'],
  ])
    t.match(await runCommand(line, { url }), { status: 2, err: /which flag/ })
  t.same(posted, ['/flags/7/clear', '/flags/7/clear'])
  const none = await answering(t, { '/flags': { flags: [] } })
  t.equal((await runCommand(['flags'], { url: none.url })).out, 'Nothing needs a look.\n')
})
