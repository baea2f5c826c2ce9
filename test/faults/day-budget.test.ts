import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { runCommand } from '../helpers/command.ts'
import { killService } from '../helpers/fault-service.ts'
import { carriers } from '../helpers/processes.ts'
import { until } from '../helpers/service.ts'
import { setUpSpender, spend, spendOn } from '../helpers/spender.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** A zone in which it is about noon, so that no day ends meanwhile. */
const ahead = 12 - new Date().getUTCHours()
const NOON = { TZ: `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}` }
const HALF_DAY_SECONDS = 43_200

t.test('the budget of a day stops what spends, and refuses the rest, also after a crash', async (t) => {
  const settings = { ...NOON, LOOPER_DAY_MAX_TOKENS: '1000' }
  const { run, ended, recordOf, service, restart, zulip, workspace } = await setUpSpender(t, settings)
  const { url } = service
  const mute = await run('exec sleep 300', { agent: 'mute', slot: 'mute', share_workspace: true })
  const one = await run(spendOn(spend(100)), { slot: 'one', share_workspace: true })
  const two = await run(spendOn(spend(100)), { slot: 'two', share_workspace: true })
  for (const { runId } of [one, two, mute]) {
    const cause = /^today's runs have used 1,[0-3]00 of 1,000 tokens$/
    t.match(await ended(runId), { outcome: 'over_budget', cause, remedy: /LOOPER_DAY_MAX_TOKENS/ })
    t.same(carriers(runId), [])
  }
  const used = [one, two].map(async ({ runId }) => (await recordOf(runId)).usage?.total ?? 0)
  const sum = (await Promise.all(used)).reduce((all, some) => all + some)
  t.ok(sum >= 1000 && sum <= 1300, `${sum}: at most a step of each more`)

  const told = zulip.messages.filter(({ content }) =>
    content.startsWith("Today's runs have used four fifths"),
  )
  t.equal(told.length, 1)
  const notices = zulip.messages.length
  const body = JSON.stringify({ zulip_message: 'more', codex_prompt: 'true', workspace, if_running: 'queue' })
  const headers = { 'content-type': 'application/json' }
  const refused = await fetch(`${url}/run`, { method: 'POST', headers, body })
  const seconds = Number(refused.headers.get('retry-after'))
  t.equal(refused.status, 429)
  t.ok(seconds > 0 && seconds <= HALF_DAY_SECONDS, `${seconds}`)
  t.match(await refused.json(), { code: 'LOOPER_BUDGET_SPENT', error: /nothing is launched before 20/ })
  t.match(await run('true', { plan: true }), { status: 429 })
  t.equal(zulip.messages.length, notices, 'nothing is announced')
  t.match(await run('', { codex_prompt: '' }), { status: 200 }, 'to stop is free')

  await killService(service)
  const next = await restart()
  t.match(await run('true', {}, next), { status: 429, body: { code: 'LOOPER_BUDGET_SPENT' } })
  const status = JSON.parse(await (await fetch(`${next.url}/status`)).text())
  t.match(status.today, { tokens: sum, max_tokens: 1000, max_cost_usd: null, spent: true })
  const metrics = await (await fetch(`${next.url}/metrics`)).text()
  t.match(metrics, new RegExp(`^looper_day_tokens ${sum}$`, 'm'))
  t.match(metrics, /^looper_day_spent 1$/m)
  t.match(
    (await runCommand(['status'], { url: next.url })).out,
    /^today +1,[0-3]00 of 1,000 tokens\n +→ nothing is launched for /m,
  )
  await next.stop()
  const richer = await restart({ LOOPER_DAY_MAX_TOKENS: '9000' })
  t.match(await run('true', {}, richer), { status: 200 })
})

t.test('what was used while the service was down counts when it is back', async (t) => {
  const { run, ended, recordOf, service, restart, workspace } = await setUpSpender(t, {
    ...NOON,
    LOOPER_DAY_MAX_TOKENS: '1000',
  })
  const wait = 'until [ -e go ]; do sleep 0.05; done'
  const own = await run(`${spend(100)}; ${wait}; ${spend(200)}`, {
    ...{ slot: 'own', share_workspace: true, max_tokens: 250 },
  })
  const alive = await run(`${spend(100)}; ${wait}; ${spend(650)}; exec sleep 300`, { share_workspace: true })
  for (const { runId } of [own, alive])
    await until('it is known what it used', async () => (await recordOf(runId)).usage?.total === 100)
  await killService(service)
  writeFileSync(path.join(workspace, 'go'), '')
  await until('it has ended', () => carriers(own.runId).length === 0)
  const next = await restart()
  t.match(await ended(own.runId, next), { outcome: 'over_budget', cause: 'it used 300 of 250 tokens' })
  t.match(await ended(alive.runId, next), {
    outcome: 'over_budget',
    cause: "today's runs have used 1,050 of 1,000 tokens",
  })
})

t.test(
  'a cap in dollars is refused of agents that do not tell them, and most of a budget is told once',
  async (t) => {
    const { run, ended, service, restart, zulip } = await setUpSpender(t, {
      ...NOON,
      LOOPER_RUN_MAX_COST_USD: '5',
    })
    const unknown = { status: 400, body: { code: 'LOOPER_BUDGET_UNKNOWN', error: /LOOPER_RUN_MAX_COST_USD/ } }
    t.match(await run('true', { agent: 'codex' }), unknown)
    t.match(await run('true', { agent: 'mute', max_cost_usd: 0 }), { status: 200 })
    const near = `${spend(1, 2)}; sleep 1; ${spend(1, 2)}; sleep 1; ${spend(1, 0.1)}; sleep 1`
    const { runId } = await run(near)
    t.match(await ended(runId), { outcome: 'exited', cost_usd: 4.1 })
    const told = zulip.messages.filter(({ content }) => /has used four fifths of its budget/.test(content))
    t.match(
      told.map(({ content }) => content),
      [/^Run \w{8} \(a run\) has used four fifths of its budget \(\$5\.00\)/],
    )
    await service.stop()
    const next = await restart({ LOOPER_RUN_MAX_COST_USD: '', LOOPER_DAY_MAX_COST_USD: '6' })
    const day = { status: 400, body: { code: 'LOOPER_BUDGET_UNKNOWN', error: /LOOPER_DAY_MAX_COST_USD/ } }
    t.match(await run('true', { agent: 'codex', max_cost_usd: 0 }, next), day)
    t.match(await ended((await run(spend(1, 2.5), {}, next)).runId, next), { cost_usd: 2.5 })
    t.match(await run('true', {}, next), { status: 429 })
  },
)
