import { writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import t from 'tap'
import { SCRIPT } from '../test/helpers/loop-service.ts'
import { setUpRunner } from '../test/helpers/runner-api.ts'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip } from './browser.ts'
import { serveRunnerPage } from './runner-page.ts'

/** Its first two rounds end, and the third goes on until the end. */
const AGENT =
  'echo x >>runs; n=$(wc -l <runs); if [ "$n" -gt 2 ]; then : >third; exec sleep 600; fi; say "did $n"'
const types = async (page: Page) => page.locator('#log li').allInnerTexts()

t.test('a page of Loop Runner that is served elsewhere does all that it does', { skip }, async (t) => {
  for (const way of ['asks Looper itself', 'is asked through its own server']) {
    await t.test(`it ${way}`, async (t) => {
      const site = await serveRunnerPage(t)
      const runner = await setUpRunner(t, AGENT, {
        LOOPER_ALLOWED_ORIGINS: site.origin,
        LOOPER_ALLOWED_EXECUTABLES: 'cat',
      })
      const { url } = runner.service()
      writeFileSync(runner.file('seen.txt'), '# seen <b>once</b>\n')
      site.passOnTo(url)
      const query = way === 'asks Looper itself' ? `?api=${url}` : ''
      const { page, faults } = await open(await openBrowser(t), `${site.origin}/${query}`)
      const status = page.locator('#status')
      const press = (name: string) => page.getByRole('button', { name }).click()
      await status.getByText('Stopped', { exact: true }).waitFor()
      await until('its events', async () => (await types(page)).includes('connected'))
      await until('models', async () => (await page.locator('#model option').count()) > 0)
      t.match(await page.locator('#model').inputValue(), /^codex\//)

      await page.getByLabel('Persistent memory').fill('# remember')
      await press('Update persistent')
      await until('it is kept', async () => (await runner.state()).config.persistent === '# remember')
      await page.getByLabel('Working memory').fill('# once')
      await press('Update working')
      await until('it is kept', async () => (await runner.state()).config.working === '# once')
      await page.getByLabel('User prompt').fill(SCRIPT)
      await page.getByLabel('Interval (ms)').fill('0')
      await page.getByLabel('Monitor command').fill('cat seen.txt')
      await press('Start Loop')
      await status.getByText('Running', { exact: true }).waitFor()
      await page.locator('#response').getByText('#2 # did 2').waitFor()
      await page.locator('#iteration').getByText('3', { exact: true }).waitFor()
      t.equal(await page.locator('#monitor-output').innerText(), '# seen <b>once</b>')
      t.match(await page.locator('#prompt').innerText(), /# remember/)
      t.equal(
        await page.getByLabel('Working memory').inputValue(),
        '',
        'it was sent, and is told to be empty',
      )
      await until('the third one runs', () => runner.lines('runs').length === 3)
      await press('Stop')
      await status.getByText('Stopped', { exact: true }).waitFor()
      await until('its history', async () => (await page.locator('#history li').count()) === 3)
      t.match(await page.locator('#history li').allInnerTexts(), [/^#3 /, /^#2 .*did 2/, /^#1 .*did 1/])
      const order = (await types(page)).filter((type) => type !== 'config' && type !== 'connected')
      const round = ['iteration', 'monitor', 'prompt', 'response', 'state']
      const last = ['iteration', 'monitor', 'prompt', 'error', 'state', 'stopped']
      t.same(order, ['state', ...round, ...round, ...last])

      await page.reload()
      await until('its history is there', async () => (await page.locator('#history li').count()) === 3)
      await page.getByLabel('Monitor command').fill('id')
      await press('Start Loop')
      await page.locator('#response').getByText('LOOPER_ALLOWED_EXECUTABLES').waitFor()
      t.notOk((await runner.state()).state.running)
      t.same(
        faults.filter((fault) => !fault.startsWith(url)),
        [],
      )
    })
  }
})

t.test('with a token it sends it, and without it is told nothing', { skip }, async (t) => {
  const site = await serveRunnerPage(t)
  const runner = await setUpRunner(t, AGENT, {
    LOOPER_ALLOWED_ORIGINS: site.origin,
    LOOPER_API_TOKEN: 'secret',
  })
  const { url } = runner.service()
  const browser = await openBrowser(t)
  const known = await open(browser, `${site.origin}/?api=${url}&token=secret`)
  await until('its events', async () => (await types(known.page)).includes('connected'))
  await known.page.getByLabel('Persistent memory').fill('# mine')
  await known.page.getByRole('button', { name: 'Update persistent' }).click()
  await until('it is told so', async () => (await types(known.page)).includes('config'))
  t.equal(await known.page.getByLabel('Persistent memory').inputValue(), '# mine')
  const unknown = await open(browser, `${site.origin}/?api=${url}`)
  await until('it is refused', () => unknown.faults.some((fault) => /undefined|null/.test(fault)))
  t.equal(await unknown.page.getByLabel('Persistent memory').inputValue(), '')
  t.equal(await unknown.page.locator('#status').innerText(), 'Disconnected')
})

t.test('a page that nobody named can do nothing', { skip }, async (t) => {
  const site = await serveRunnerPage(t)
  const other = await serveRunnerPage(t)
  const runner = await setUpRunner(t, AGENT, { LOOPER_ALLOWED_ORIGINS: other.origin })
  const { url } = runner.service()
  site.passOnTo(url)
  const browser = await openBrowser(t)
  const watched = await open(browser, `${site.origin}/?api=${url}`)
  await until('it is refused', () => watched.faults.some((fault) => /blocked by CORS policy/.test(fault)))
  await watched.page.getByLabel('Persistent memory').fill('# theirs')
  await watched.page.getByRole('button', { name: 'Update persistent' }).click()
  await until('so is that', () => watched.faults.filter((fault) => /blocked by CORS/.test(fault)).length > 1)
  t.equal(await watched.page.locator('#status').innerText(), 'Disconnected')
  t.match(await runner.state(), { state: { running: false }, config: { persistent: '' } })
})
