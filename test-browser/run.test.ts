import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { lines, open, openBrowser, skip, startRun, startService, title, verdict } from './browser.ts'

const COUNT = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.05; done'

t.test(
  'a run is previewed, triggered, watched live and stopped, and is still there after a reload',
  { skip },
  async (t) => {
    const { service, workspace } = await startService(t)
    const { page, faults } = await open(await openBrowser(t), service.url)
    await page.getByText('Nothing has run yet').waitFor()

    await page.getByRole('button', { name: 'New run' }).click()
    await page.getByLabel('Message', { exact: true }).fill('Counting')
    await page.getByLabel('Prompt', { exact: true }).fill(COUNT)
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('Preview: nothing is done yet').waitFor()
    const plan = await page.locator('.plan').innerText()
    t.match(plan, /“Counting”/)
    t.match(plan, new RegExp(`exec .*-C ${workspace}`))
    t.equal(await page.locator('.runs li').count(), 0, 'a preview does nothing')
    await page.getByRole('button', { name: 'Start' }).click()

    await page.getByText('line 3', { exact: true }).waitFor()
    // Output may come before the startup check is over.
    await verdict(page)
      .filter({ hasText: /^Running for \d+s$/ })
      .waitFor()
    await until('the title of the tab', async () =>
      /^● running \d+s: Counting – Looper$/.test(await page.title()),
    )
    await until('a title that goes on', async () => /● running ([2-9]|\d\d+)s/.test(await page.title()))
    const before = await lines(page).count()
    await until('more lines', async () => (await lines(page).count()) > before + 5)

    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByRole('button', { name: 'Keep it running' }).click()
    t.match(await verdict(page).innerText(), /^Running/)
    t.equal(await title(page).innerText(), 'Counting')
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText(/^Stopped after \d+s$/).waitFor()
    await page.getByText('End of the log.').waitFor()
    await page.getByText('# codex_exec_return_code=', { exact: false }).waitFor()
    await page.locator('.runs li', { hasText: 'stopped' }).waitFor()
    await until('the title of the tab', async () => /○ stopped/.test(await page.title()))

    await page.reload()
    await page.getByText(/^Stopped after \d+s$/).waitFor()
    await page.getByText('line 3', { exact: true }).waitFor()
    await page.locator('.runs li', { hasText: 'stopped' }).waitFor()
    t.same(faults, [])
  },
)

t.test('a past run is chosen, its address is kept, and it can be run again', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  await startRun(page, 'First', 'echo the first; exit 3')
  await page.getByText(/^Exited 3 after/).waitFor()
  await startRun(page, 'Second', 'echo the second')
  await page.getByText(/^Exited 0 after/).waitFor()
  await page.locator('.runs a', { hasText: 'exited 3' }).click()
  await page.getByText('the first', { exact: true }).waitFor()
  await page.getByText('This is a past run.').waitFor()
  await page.reload()
  await page.getByText('the first', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'Run again' }).click()
  const prompt = page.getByLabel('Prompt', { exact: true })
  await until('the old prompt', async () => (await prompt.inputValue()) === 'echo the first; exit 3')
  await page.getByRole('button', { name: 'Start' }).click()
  await until('three runs', async () => (await page.locator('.runs li').count()) === 3)
  await page.getByText('This is a past run.').waitFor({ state: 'hidden' })
  await page.getByText(/^Exited 3 after/).waitFor()

  await page.getByRole('button', { name: 'New run' }).click()
  await page.getByLabel('Message', { exact: true }).fill('Stop')
  await page.locator('[name=stop-only]').check()
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByText(/^Sent “Stop”, and stopped what ran/).waitFor()
  await page.getByRole('button', { name: 'Run again' }).click()
  await page.getByRole('button', { name: 'Start' }).click()
  await until('four runs', async () => (await page.locator('.runs li').count()) === 4)

  await page.getByLabel('Show runs by outcome').selectOption('exited')
  await until('the exited ones', async () => (await page.locator('.runs li').count()) === 4)
  await page.getByLabel('Show runs by outcome').selectOption('stopped')
  await page.getByText('No runs with the outcome “stopped”.').waitFor()
  t.same(faults, [])
})

t.test(
  'a request that cannot work is told with what to do about it, and the form stays',
  { skip },
  async (t) => {
    const { service } = await startService(t)
    const { page, faults } = await open(await openBrowser(t), service.url)
    await page.getByRole('button', { name: 'New run' }).click()
    await page.getByLabel('Message', { exact: true }).fill('Nowhere')
    await page.getByLabel('Workspace').fill('/there/is/no/such/place')
    await page.getByLabel('Prompt', { exact: true }).fill('true')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText('Workspace is not a directory: /there/is/no/such/place').waitFor()
    await page.getByText('Name a directory that exists on the machine.').waitFor()
    t.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'Nowhere')
    t.same(faults, [])
  },
)

t.test('while the service is away the page says so, and then goes on without a gap', { skip }, async (t) => {
  const { service, restart } = await startService(t)
  const { page } = await open(await openBrowser(t), service.url)
  await startRun(page, 'Counting', COUNT)
  await page.getByText('line 3', { exact: true }).waitFor()
  service.child.kill('SIGKILL')
  await page.getByText('reconnecting').waitFor()
  const next = await restart()
  await page.getByText('live', { exact: true }).first().waitFor()
  const before = await lines(page).count()
  await until('more lines', async () => (await lines(page).count()) > before + 20)
  const numbers = (await lines(page).allInnerTexts()).flatMap((text) => /^line (\d+)$/.exec(text)?.[1] ?? [])
  t.equal(numbers.join(' '), numbers.map((_, index) => index + 1).join(' '))
  t.equal(await next.stop(), 0)
})
