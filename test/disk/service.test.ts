import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { Value } from 'typebox/value'
import { Type } from '../../src/base/schema.ts'
import { DiskAnswer } from '../../src/disk/schemas.ts'
import { CapState } from '../../src/disk/status.ts'
import { runCommand } from '../helpers/command.ts'
import { setUpFault } from '../helpers/fault-service.ts'
import { until } from '../helpers/service.ts'

const Told = Type.Object({ disk_cap: CapState })

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

t.test('a service tells who takes what, and removes nothing without a cap', async (t) => {
  const { run, service, logDir } = await setUpFault(t)
  const session = '01900000-0000-7000-8000-000000000000'
  const event = JSON.stringify({ type: 'thread.started', thread_id: session })
  const first = await run(`echo '${event}'`, { wait: true })
  const get = async (address: string) =>
    Value.Parse(DiskAnswer, await (await fetch(service.url + address)).json())
  const answer = await get('/disk')
  t.match(answer, {
    cap_mb: null,
    resumable_days: 7,
    sources: [
      { name: 'logs', count: 1, kept: [{ reason: 'recent', count: 1 }] },
      { name: 'worktrees', count: 0 },
      { name: 'sessions of codex', count: 0, kept: [], problem: null },
      { name: 'sessions of claude' },
      { name: 'sessions of opencode' },
      { name: 'records', count: 1, kept: [{ reason: 'recent', count: 1 }] },
    ],
    would_remove: { count: 0, bytes: 0, first: [] },
  })
  t.match(await get('/disk?cap_mb=1'), { cap_mb: 1 })
  for (const wrong of ['0', '', 'x', '9999999999', '1e3'])
    t.equal((await fetch(`${service.url}/disk?cap_mb=${wrong}`)).status, 400)
  t.match(await (await fetch(`${service.url}/status`)).json(), {
    disk_cap: { cap_mb: null, used_mb: null, kept_mb: null, ok: null, checked_at: null },
  })
  const both = await Promise.all([get('/disk'), get('/disk')])
  t.match(both, [{ cap_mb: null }, { cap_mb: null }])
  t.match((await runCommand(['disk'], { url: service.url })).out, /no cap \(LOOPER_DISK_CAP_MB\)/)
  t.ok(existsSync(path.join(logDir, path.basename(first.log))))
})

t.test('with a cap, the logs of older runs go and the newest stay', async (t) => {
  const { run, logDir, restart, service } = await setUpFault(t)
  await service.stop()
  const capped = await restart({ LOOPER_DISK_CAP_MB: '1', LOOPER_RESUMABLE_DAYS: '0' })
  await run('head -c 3000000 /dev/zero', { wait: true }, capped)
  const { run_id } = (await run('true', { wait: true }, capped)).body
  const logs = () =>
    readdirSync(logDir).filter((name) => name.endsWith('.log') && name.startsWith('codex-exec-'))
  // Nothing of a run that has just ended goes.
  t.equal(logs().length, 2)
  const answer = Value.Parse(DiskAnswer, await (await fetch(`${capped.url}/disk`)).json())
  t.match(answer, { cap_mb: 1, would_remove: { count: 0 } })
  t.ok(answer.kept_bytes > 3_000_000)
  t.match((await runCommand(['disk'], { url: capped.url })).out, /stay whatever the cap: raise it/)
  t.equal((await fetch(`${capped.url}/runs/${run_id}`)).status, 200)
  await until('it is told in the status', async () => {
    const { disk_cap } = Value.Parse(Told, await (await fetch(`${capped.url}/status`)).json())
    return disk_cap.cap_mb === 1 && disk_cap.ok === false && Number(disk_cap.kept_mb) > 2
  })
})

t.test('with a cap, old sessions of runs go, others stay, and what is resumable is resumed', async (t) => {
  const { run, logDir, restart, service } = await setUpFault(t)
  const day = path.join(logDir, '.codex/sessions/2026/01/02')
  const [old, young, others] = [1, 2, 3].map((last) => `01900000-0000-7000-8000-00000000000${last}`)
  const prompt = (id = '') => {
    const file = `${day}/rollout-2026-01-02T03-04-05-${id}.jsonl`
    const event = JSON.stringify({ type: 'thread.started', thread_id: id })
    return `mkdir -p ${day}; head -c 600000 /dev/zero >${file}; touch -d 2000-01-01 ${file}; echo '${event}'`
  }
  const first = await run(prompt(old), { wait: true })
  const second = await run(prompt(young), { wait: true })
  const third = await run(prompt(`${young}`.replace(/.$/, '9')), { wait: true })
  writeFileSync(`${day}/rollout-2026-01-02T03-04-05-${others}.jsonl`, 'x'.repeat(600_000))
  await service.stop()
  const db = new DatabaseSync(path.join(logDir, 'looper.db'))
  const age = 'UPDATE runs SET ended_at = ended_at - ?, requested_at = requested_at - ? WHERE run_id = ?'
  for (const [{ runId }, days] of [
    [first, 30],
    [second, 3],
  ] as const)
    db.prepare(age).run(days * 86_400_000, days * 86_400_000, runId)
  // Its agent was taken out of the settings.
  db.prepare("UPDATE runs SET agent = 'gone' WHERE run_id = ?").run(third.runId)
  db.close()
  const capped = await restart({ LOOPER_DISK_CAP_MB: '1' })
  await until('the old one is gone', () => readdirSync(day).length === 3)
  t.notOk(readdirSync(day).some((name) => name.includes(String(old))))
  t.equal((await fetch(`${capped.url}/runs/${first.runId}`)).status, 200, 'its record is not in the way')
  const again = await run('true', { resume: second.runId, wait: true }, capped)
  t.match(again.body, { ok: true })
  t.match(await (await fetch(`${capped.url}/runs/${again.runId}`)).json(), { session_id: young })
  t.match((await run('true', { resume: first.runId }, capped)).body, { code: 'LOOPER_RESUME_REFUSED' })
})
