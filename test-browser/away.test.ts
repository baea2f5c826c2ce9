import t from 'tap'
import { open, openBrowser, skip, startService, title, verdict } from './browser.ts'
import { change, refuse, STATUS } from './stubs.ts'

t.test(
  'while the service is away its state is old, nothing can be pressed, and it comes back at once',
  { skip },
  async (t) => {
    const { service, restart } = await startService(t)
    await service.post({ zulip_message: 'A long one', codex_prompt: 'sleep 300' })
    const { page } = await open(await openBrowser(t), service.url)
    await verdict(page)
      .getByText(/^Running/)
      .waitFor()
    const stop = page.getByRole('button', { name: 'Stop', exact: true })
    const newRun = page.getByRole('button', { name: 'New run' })
    t.equal(await stop.isEnabled(), true)
    service.child.kill('SIGKILL')
    await page.getByText(/^as of \d\d:\d\d:\d\d$/).waitFor()
    for (const button of [stop, newRun, page.getByRole('button', { name: 'Run again' })])
      t.equal(await button.isEnabled(), false)
    await page.keyboard.press('n')
    t.equal(await page.locator('dialog[open]').count(), 0, 'nor by a key')

    await restart()
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.getByText('live', { exact: true }).first().waitFor()
    await page.getByText(/^as of/).waitFor({ state: 'hidden' })
    t.equal(await newRun.isEnabled(), true)
  },
)

t.test('expired, wrong and read-only tokens are told apart', { skip }, async (t) => {
  const { service } = await startService(t, { LOOPER_API_TOKEN: 'right', LOOPER_HOST: '127.0.0.1' })
  const { page, faults } = await open(await openBrowser(t), service.url)
  const signIn = async (token: string) => {
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await signIn('wrong')
  await page.getByText('The service does not know this token.').waitFor()
  await refuse(page, STATUS, 401, { code: 'LOOPER_TOKEN_EXPIRED', error: 'this token has expired' })
  await signIn('old')
  await page.getByText('This token has expired.').waitFor()
  await page.unroute(STATUS)
  await change(page, STATUS, (status) => ({ ...status, token: { name: 'wall', scope: 'read' } }))
  await signIn('right')
  await page.getByText('Read only').waitFor()
  t.equal(await page.getByRole('button', { name: /run|stop|pause/i }).count(), 0, 'no button it may not use')
  await page.keyboard.press('n')
  t.equal(await page.locator('dialog[open]').count(), 0)
  t.same(faults, [])
})

t.test('a run that is not there is told of, with a way back', { skip }, async (t) => {
  const { service } = await startService(t)
  await service.post({ zulip_message: 'The only one', codex_prompt: 'true' })
  const { page, faults } = await open(await openBrowser(t), `${service.url}/#/runs/%3Cb%3Enever`)
  await title(page).getByText('There is no run <b>never').waitFor()
  await page.getByText('or it was old and removed').waitFor()
  await page.getByRole('link', { name: 'Show the latest run' }).click()
  await title(page).getByText('The only one').waitFor()
  t.same(faults, [])
})

t.test(
  'before the first run it is told what to do, and what is wrong with the settings',
  { skip },
  async (t) => {
    const { service } = await startService(t)
    const { page, faults } = await open(await openBrowser(t), service.url)
    await page.getByText('Nothing has run yet').waitFor()
    const curl = await page.locator('[data-part="curl"]').innerText()
    t.ok(curl.startsWith(`curl ${service.url}/run \\`), 'with the address of this service')
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByText(/^(Copied|Selected)/).waitFor()
    await change(page, STATUS, (status) => ({
      ...status,
      findings: [{ check: 'zulip', problem: '<i>No stream</i>', remedy: 'Set ZULIP_STREAM.' }],
    }))
    await page.reload()
    await page.locator('[data-part="first-findings"]', { hasText: '<i>No stream</i>' }).waitFor()
    await page.locator('[data-part="first-findings"]', { hasText: 'Set ZULIP_STREAM.' }).waitFor()
    t.same(faults, [])
  },
)

t.test('the autopoll is paused, resumed and told to launch', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  let paused = false
  const asked: string[] = []
  await change(page, STATUS, (status) => ({
    ...status,
    autopoll: {
      enabled: true,
      paused,
      next_at: null,
      would_skip: '3 runs in a row failed or ended at once; the next is due at 2030-01-02T03:04:05.000Z',
    },
  }))
  await page.route(/\/autopoll\/\w+$/, async (route) => {
    asked.push(new URL(route.request().url()).pathname)
    paused = route.request().url().endsWith('pause')
    await route.fulfill({ json: { ok: true } })
  })
  await page.reload()
  await page.getByText(/^waits until 2 Jan 2030, \d\d:\d\d, 3 failures$/).waitFor()
  await page.getByRole('button', { name: 'Pause autopoll' }).click()
  await page.getByRole('button', { name: 'Resume autopoll' }).click()
  await page.getByRole('button', { name: 'Pause autopoll' }).waitFor()
  await page.getByRole('button', { name: 'Launch now' }).click()
  await page.getByText('The default run is being started.').waitFor()
  t.same(asked, ['/autopoll/pause', '/autopoll/resume', '/autopoll/launch'])
  t.same(faults, [])
})
