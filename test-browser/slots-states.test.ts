import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService } from './browser.ts'
import { show } from './show.ts'
import { change, manyRuns, RUNS, STATUS } from './stubs.ts'

const WAITING = 10_000

t.test('fifty slots and ten thousand that wait', { skip }, async (t) => {
  const { service } = await startService(t)
  const now = Date.now()
  const runs = manyRuns(now, 550).map((run, index) => ({
    ...run,
    slot: index < 50 && index > 0 ? `slot-${index}` : 'default',
    outcome: null,
    return_code: null,
    failed: false,
    ended_at: null,
    started_at: index < 50 ? run.started_at : null,
    waiting: index >= 50,
  }))
  const launchOf = (run: (typeof runs)[number]) => ({
    request_id: run.request_id,
    run_id: run.run_id,
    since: String(run.requested_at),
  })
  const slots = runs.slice(0, 50).map((run, index) => ({
    slot: run.slot,
    run: index === 2 ? null : run,
    launch: index === 2 ? { ...launchOf(run), step: 'stop' } : null,
    waiting: index === 0 ? runs.slice(50, 60).map(launchOf) : [],
    waiting_count: index === 0 ? WAITING : 0,
  }))
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  await change(page, STATUS, (status) => ({ ...status, slots, current: slots[0]?.run }))
  await page.route(RUNS, async (route) => {
    const slot = new URL(route.request().url()).searchParams.get('slot')
    const found = runs.slice(0, 30).filter((run) => !slot || run.slot === slot)
    await route.fulfill({ json: { runs: found, next_cursor: null } })
  })
  await page.route(/\/runs\/run-\d+$/, async (route) => {
    const run = runs.find(({ run_id }) => route.request().url().endsWith(`/${run_id}`))
    await route.fulfill({ json: { ...run, prompt: 'Say hello', binary: 'codex', command: null } })
  })
  const limits: string[] = []
  await page.route(/\/queue\?/, async (route) => {
    const limit = Number(new URL(route.request().url()).searchParams.get('limit'))
    limits.push(String(limit))
    await route.fulfill({ json: { waiting: runs.slice(50).slice(0, limit), slots: [] } })
  })
  await page.reload()
  await page.getByText('49 running, 1 starting, 10,000 waiting').waitFor()
  t.equal(await page.locator('.slot').count(), 8)
  await show(t, watched, '30-slots', 'Runs')
  await page.locator('.queue summary').first().click()
  await page.getByText('The first 20 of 10,000.').waitFor()
  t.equal(await page.locator('.queue li').count(), 20)
  await show(t, watched, '31-queue', 'Runs')
  await page.getByRole('button', { name: 'Show more' }).click()
  await page.getByText('The first 100 of 10,000.').waitFor()
  await page.getByRole('button', { name: 'Show more' }).click()
  const begun = Date.now()
  await page.getByText('The first 500 of 10,000.').waitFor()
  t.comment(`500 of those that wait, after ${Date.now() - begun} ms`)
  await page.locator('.queue summary').first().click()

  await page.getByRole('button', { name: 'Show all 50 slots' }).click()
  t.equal(await page.locator('.slot').count(), 50)
  await page.getByRole('button', { name: 'slot-40', exact: true }).click()
  await page.getByRole('button', { name: 'Show fewer' }).click()
  await until(
    'the first, and the one that is chosen',
    async () => (await page.locator('.slot').count()) === 9,
  )
  await show(t, watched, '32-slot-chosen', 'Runs')
  await page.getByRole('button', { name: 'New run' }).click()
  await page.getByText('More options').click()
  await page.getByLabel('Slot', { exact: true }).scrollIntoViewIfNeeded()
  await show(t, watched, '33-form-slot')
})
