import { unlinkSync } from 'node:fs'
import t from 'tap'
import { lines, open, openBrowser, skip, startService } from './browser.ts'
import { change } from './stubs.ts'

t.test('a run without a log says so, be it gone or never written', { skip }, async (t) => {
  const { service } = await startService(t)
  const { body } = await service.post({ zulip_message: 'Words', codex_prompt: 'seq 1 1500' })
  const { page } = await open(await openBrowser(t), service.url)
  await page.getByText('End of the log.').waitFor()
  await page.getByLabel('Search the log').fill('1')
  await page.locator('.count', { hasText: /^[\d,]+, first 1,000 in reach$/ }).waitFor()

  const run = await (await fetch(`${service.url}/runs/${body.run_id}`)).json()
  unlinkSync(run.log_path)
  await page.reload()
  await page.getByText('The log of this run is gone: its file was removed.').waitFor()

  await change(page, /\/runs\/[\w-]+$/, (run) => ({ ...run, log_path: null }))
  await page.reload()
  await page.getByText('This run has no log: none was ever written for it.').waitFor()
  t.equal(await page.locator('.log').isVisible(), false)
})

t.test(
  'a page that is loaded as the service dies says so, and shows the log when it is back',
  { skip },
  async (t) => {
    const { service, restart } = await startService(t)
    await service.post({ zulip_message: 'Words', codex_prompt: 'echo just words' })
    const { page } = await open(await openBrowser(t), service.url)
    await page.getByText('End of the log.').waitFor()
    await page.route(/\/runs\/[\w-]+\/(log|transcript)/, async (route) => {
      if (service.child.exitCode === null) service.child.kill('SIGKILL')
      await route.abort()
    })
    await page.reload()
    await page.getByText('The log cannot be loaded: the service cannot be reached. Trying again …').waitFor()
    await page.unroute(/\/runs\/[\w-]+\/(log|transcript)/)
    await restart()
    await page.getByText('just words', { exact: true }).waitFor()
    await page.getByText('End of the log.').waitFor()
    t.ok((await lines(page).count()) > 0)
  },
)
