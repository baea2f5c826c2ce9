import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService, title, verdict } from './browser.ts'

const HOSTILE = `<img src=x onerror=alert(1)> \u202e${'long '.repeat(40)}`

/** The row of a slot. */
const row = (page: Page, name: string) =>
  page.locator('.slot').filter({ has: page.getByRole('button', { name, exact: true }) })

t.test('whoever uses one slot sees and loads nothing of slots', { skip }, async (t) => {
  const { service } = await startService(t)
  await service.post({ zulip_message: 'Alone', codex_prompt: 'sleep 300' })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await page.getByText(/^Running for/).waitFor()
  await page.getByText('live', { exact: true }).first().waitFor()
  await service.post({ zulip_message: 'Alone again', codex_prompt: 'sleep 300' })
  await page.locator('.runs a', { hasText: 'replaced' }).waitFor()
  t.equal(await page.locator('.slots').count(), 0)
  t.equal(await page.getByLabel('Show runs by slot').count(), 0)
  const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
  t.notMatch(files.join(' '), /slots\.js|queue\.js|more\.css|form-more/)
  t.same(faults, [])
})

t.test('each slot shows what runs in it, can be chosen, and its run stopped', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const other = `${workspace}/other`
  mkdirSync(other)
  await service.post({ zulip_message: 'In the default one', codex_prompt: 'sleep 300' })
  await service.post({ zulip_message: HOSTILE, codex_prompt: 'sleep 300', slot: 'builds', workspace: other })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await row(page, 'default').getByText('In the default one').waitFor()
  await row(page, 'builds').getByText('<img src=x').waitFor()
  t.match(await row(page, 'builds').locator('> small').innerText(), /^codex · since \d\d:\d\d$/)
  t.match(await row(page, 'builds').locator('.long').innerText(), /^\d+s$/)
  await page.locator('.slots').getByText('2 running').waitFor()

  await row(page, 'default').getByRole('link').click()
  await page.getByText('There is a newer run.').waitFor()
  t.equal(await title(page).innerText(), 'In the default one')

  await page.getByRole('button', { name: 'builds', exact: true }).click()
  await page.locator('.runs a', { hasText: 'In the default one' }).waitFor({ state: 'detached' })
  t.equal(
    await page.getByRole('button', { name: 'builds', exact: true }).getAttribute('aria-pressed'),
    'true',
  )
  t.equal(await page.getByLabel('Show runs by slot').inputValue(), 'builds')
  t.match(await page.locator('.runs .who').innerText(), /running · builds/)
  await page.getByLabel('Show runs by outcome').selectOption('stalled')
  await page.getByText('No runs with the outcome “stalled” in slot builds.').waitFor()
  await page.getByRole('button', { name: 'Show all runs' }).click()
  await page.locator('.runs a', { hasText: 'In the default one' }).waitFor()
  t.equal(await page.getByLabel('Show runs by slot').inputValue(), '')

  const stop = row(page, 'builds').getByRole('button', { name: /^Stop/ })
  await stop.click()
  await page.getByRole('button', { name: 'Stop it' }).click()
  await page.getByText(/^Stopped “<img src=x/).waitFor()
  await row(page, 'builds').waitFor({ state: 'detached' })
  await page.locator('.slots').getByText('1 running').waitFor()
  t.match(await verdict(page).innerText(), /^Running/, 'the other one goes on')
  t.same(faults, [])
})

t.test('what waits is seen, moved first and cancelled, by keyboard too', { skip }, async (t) => {
  const { service } = await startService(t)
  const slot = 'builds'
  await service.post({ zulip_message: 'The first one', codex_prompt: 'sleep 300', slot })
  for (const zulip_message of ['A', 'B', HOSTILE])
    await service.post({ zulip_message, codex_prompt: 'sleep 300', slot, if_running: 'queue' })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await page.getByText('1 running, 3 waiting').waitFor()
  t.equal(await title(page).innerText(), 'The first one', 'what runs, and not what waits, is shown')
  const summary = row(page, slot).locator('summary')
  t.match(await summary.innerText(), /^3 waiting since \d\d:\d\d$/)
  await summary.focus()
  await page.keyboard.press('Enter')
  const waiting = page.locator('.queue li')
  const names = async () =>
    (await waiting.locator('.name').allInnerTexts()).map((name) => name.slice(0, 4)).join(' ')
  await until('all that wait', async () => (await names()) === 'A B <img')
  t.equal(await page.getByRole('button', { name: 'Move first: A' }).count(), 0, 'it is the first already')

  const focused = () => page.evaluate('document.activeElement?.ariaLabel')
  await page.getByRole('button', { name: 'Move first: B' }).focus()
  await page.keyboard.press('Enter')
  await until('B before A', async () => (await names()) === 'B A <img')
  await page.getByText('“B” is the next one.').waitFor()
  t.equal(await focused(), 'Cancel: B', 'the focus stays with what was moved')
  await page.keyboard.press('Enter')
  await until('without B', async () => (await names()) === 'A <img')
  await page.getByText('Cancelled “B”.').waitFor()
  t.equal(await focused(), 'Cancel: A', 'the focus goes to what is in its place')
  await page.getByText('1 running, 2 waiting').waitFor()
  t.equal(await title(page).innerText(), 'The first one', 'which stays in view')

  // It has begun since it was drawn: what waits can be cancelled, and what runs is not stopped by that.
  await page.route(/\/queue\?/, (route) => route.abort())
  await page.route(/\/status$/, (route) => route.abort())
  const running = (await (await fetch(`${service.url}/runs/current?slot=${slot}`)).json()).run_id
  await fetch(`${service.url}/runs/${running}/stop`, { method: 'POST' })
  await until('A runs', async () => {
    const current = await fetch(`${service.url}/runs/current?slot=${slot}`)
    return current.ok && (await current.json()).name === 'A'
  })
  await page.getByRole('button', { name: 'Cancel: A' }).click()
  await page.getByText('“A” waits no more.').waitFor()
  t.equal((await (await fetch(`${service.url}/runs/current?slot=${slot}`)).json()).name, 'A')
  t.same(faults, [])
})

t.test('the form asks for a slot, and for what to do where it is taken', { skip }, async (t) => {
  const { service } = await startService(t)
  await service.post({ zulip_message: 'The first one', codex_prompt: 'sleep 300', slot: 'builds' })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await row(page, 'builds').waitFor()
  await page.getByRole('button', { name: 'New run' }).click()
  await page.getByLabel('Message', { exact: true }).fill('The second one')
  await page.getByLabel('Prompt', { exact: true }).fill('sleep 300')
  await page.getByText('More options').click()
  await page.getByLabel('Slot', { exact: true }).fill('no such name!')
  await page.locator('[data-part="start"]').click()
  await page.locator('#slot-problem').waitFor()
  await page.getByLabel('Slot', { exact: true }).fill('builds')
  await page.getByText('This will be stopped').waitFor()
  await page.getByLabel('If a run is in it').selectOption('queue')
  await page.getByText('It would wait until its slot is free.').waitFor()
  await page.locator('[data-part="start"]').click()
  await page.getByText('“The second one” waits for its slot, 0 before it.').waitFor()
  await page.getByText('1 running, 1 waiting').waitFor()

  await page.getByRole('button', { name: 'Run again' }).click()
  t.equal(
    await page.getByLabel('Slot', { exact: true }).inputValue(),
    'builds',
    'in the slot of the other one',
  )
  await page.getByLabel('Slot', { exact: true }).fill('docs')
  await page.locator('[data-part="start"]').click()
  await page.locator('#workspace-problem').waitFor()
  t.match(await page.locator('#workspace-problem').innerText(), /“Share the workspace”/)
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  t.same(faults, [])
})
