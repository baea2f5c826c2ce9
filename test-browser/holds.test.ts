import t from 'tap'
import { open, openBrowser, skip, startService } from './browser.ts'
import { show } from './show.ts'
import { change, refuse, STATUS } from './stubs.ts'

const LIMIT = `echo "ERROR: You've hit your usage limit. Try again in 300 minutes."; exit 1`
const HOSTILE = `<img src=x onerror=alert(1)> \u202e${'long '.repeat(40)}`
const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
const held = (agent: string, held_until: string | null, waiting_count: number) => ({
  agent,
  since: at(-5),
  until: held_until,
  held_until,
  run_id: 'a',
  waiting_count,
})

t.test('an agent that waits for its usage limit is shown until when, and released', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  await page.getByText('live', { exact: true }).first().waitFor()
  const banner = page.getByRole('region', { name: 'Usage limits' })
  t.equal(await banner.count(), 0)
  const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
  t.notMatch(files.join(' '), /holds\.js/, 'nothing of it is loaded until then')

  const limited = { zulip_message: 'At its limit', codex_prompt: LIMIT, on_quota: 'fail', wait: true }
  await service.post(limited)
  await service.post({ zulip_message: 'Later', codex_prompt: 'sleep 300' })
  await banner.getByText(/^codex waits for its usage limit until .*\d\d:\d\d · 1 run waits$/).waitFor()
  const button = banner.getByRole('button', { name: 'Release codex' })
  await button.focus()
  await page.keyboard.press('Enter')
  await page.getByText('Released codex: its runs begin now.').waitFor()
  await banner.waitFor({ state: 'hidden' })
  await page.getByText(/^Running for/).waitFor()
  t.same(faults, [])
})

t.test('several agents, names of any kind, and a refusal', { skip }, async (t) => {
  const { service } = await startService(t)
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  let holds = [held('claude', at(400), 2), held('codex', null, 0), held(HOSTILE, at(50_000), 1234)]
  await change(page, STATUS, (status) => ({ ...status, holds }))
  await refuse(page, /\/holds\//, 404, { code: 'LOOPER_HOLD_NOT_FOUND', error: 'the runs are not held' })
  await page.reload()
  const banner = page.getByRole('region', { name: 'Usage limits' })
  await banner.getByText(/^claude waits .* · 2 runs wait$/).waitFor()
  await banner.getByText('codex waits until another run has shown that its usage limit is reset').waitFor()
  t.match(await banner.locator('p', { hasText: '<img src=x' }).innerText(), /1,234 runs wait/)
  await show(t, watched, '33-holds')
  await banner.getByRole('button', { name: 'Release codex' }).click()
  await page.getByText('The runs are not held').waitFor()

  holds = [held('codex', at(1), 1)]
  await banner.getByText('claude waits').waitFor({ state: 'detached' })
  t.match(await banner.innerText(), /^codex waits for its usage limit until/)
  holds = []
  await banner.waitFor({ state: 'hidden' })
  t.same(watched.faults, [])
})

t.test('whoever may only read releases nothing; an older service tells of none', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  const token = { name: 'ci', scope: 'read' }
  await change(page, STATUS, (status) => ({ ...status, token, holds: [held('codex', at(400), 0)] }))
  await page.reload()
  const banner = page.getByRole('region', { name: 'Usage limits' })
  await banner.getByText(/^codex waits for its usage limit until/).waitFor()
  t.notOk(await banner.getByRole('button', { name: 'Release codex' }).isVisible())
  await change(page, STATUS, (status) => ({ ...status, holds: undefined }))
  await page.reload()
  await page.getByText('live', { exact: true }).first().waitFor()
  t.equal(await banner.count(), 0)
  t.same(faults, [])
})
