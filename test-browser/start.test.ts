import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startRun, startService, title, verdict } from './browser.ts'
import { change, PLAN } from './stubs.ts'

t.test('the form tells what will be stopped, and its button says so', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  const stops = page.locator('.stops')
  const start = page.locator('[data-part="start"]')
  const message = page.getByLabel('Message', { exact: true })
  await page.getByRole('button', { name: 'New run' }).click()
  t.equal(await start.innerText(), 'Start')
  t.equal(await stops.innerText(), '')
  await page.getByRole('button', { name: 'Cancel' }).click()

  await startRun(page, 'Make it exact', 'echo begun; sleep 300')
  await page.getByText('Started “Make it exact”.').waitFor()
  await verdict(page)
    .getByText(/^Running/)
    .waitFor()
  t.equal(await title(page).innerText(), 'Make it exact')

  // Somebody else's agent, as a service tells of it that may stop all of the machine.
  await change(page, PLAN, (answer, { plan }) => {
    if (plan !== true) return answer
    const planned = JSON.parse(JSON.stringify(answer.plan))
    planned.stop.push({
      pid: 4242,
      run_id: null,
      name: null,
      age_seconds: 7500,
      command: 'codex exec <b>tidy</b>',
      stoppable: true,
    })
    return { ...answer, plan: planned }
  })
  await page.getByRole('button', { name: 'New run' }).click()
  await start.getByText('Stop and start').waitFor()
  const words = await stops.innerText()
  t.match(words, /These 2 will be stopped\s+Make it exact\s+running for \d+s\s/)
  t.match(words, /codex exec <b>tidy<\/b>\s+running for 2h 05m · pid 4242, not started by Looper/)
  await page.locator('[name=stop-only]').check()
  await start.getByText('Send and stop').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()

  await page.getByRole('button', { name: 'Run again' }).click()
  await start.getByText('Stop and start').waitFor()
  t.equal(await message.inputValue(), 'Make it exact', 'so its name stays')
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.locator('.plan h3').waitFor()
  const plan = await page.locator('.plan').innerText()
  t.match(plan, /“Make it exact”, written to the server log only/)
  t.notMatch(plan, /zulip|stream=/i, 'there is no route to Zulip, so none is named')
  t.same(faults, [])
})

t.test('what is wrong with a field is said at that field, in the words of the form', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  const start = page.locator('[data-part="start"]')
  const problem = (field: string) => page.locator(`#${field}-problem`)
  const focused = () => page.evaluate('document.activeElement?.name')
  await page.getByRole('button', { name: 'New run' }).click()
  await start.click()
  await problem('message').getByText('Fill in a message.').waitFor()
  t.equal(await focused(), 'message')
  t.equal(await page.locator('[aria-invalid]').getAttribute('name'), 'message')

  await page.getByLabel('Message', { exact: true }).fill('Hello')
  await problem('message').waitFor({ state: 'hidden' })
  await start.click()
  await problem('prompt').waitFor()
  t.match(await problem('prompt').innerText(), /the prompt/i)
  t.notMatch(await problem('prompt').innerText(), /codex_prompt/)
  t.equal(await focused(), 'prompt')

  await page.getByLabel('Prompt', { exact: true }).fill('true')
  await page.getByLabel('Workspace').fill('/there/is/no/such/place')
  await page.getByLabel('Workspace').press('Tab')
  await problem('workspace').getByText('/there/is/no/such/place').waitFor()
  await page.getByLabel('Workspace').fill('')

  await page.getByText('More options').click()
  await page.getByLabel('Time limit, s').fill('-1')
  await start.click()
  await problem('limits').waitFor()
  t.equal(await focused(), 'delay')
  t.same(faults, [])
})

t.test('a message of many lines is sent as it was written, and again with Run again', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults, shoot } = await open(await openBrowser(t), service.url)
  const message = page.getByLabel('Message', { exact: true })
  const words = 'Make it **exact**\n\n- the kernel\n- <b>its</b> tests'
  const messages = async () => {
    const { runs } = (await (await fetch(`${service.url}/runs`)).json()) as { runs: { run_id: string }[] }
    const details = runs.map(async ({ run_id }) => (await fetch(`${service.url}/runs/${run_id}`)).json())
    return (await Promise.all(details)).map((run) => (run as { message: string }).message)
  }
  await page.getByRole('button', { name: 'New run' }).click()
  await message.click()
  for (const [index, line] of words.split('\n').entries()) {
    if (index > 0) await page.keyboard.press('Shift+Enter')
    await page.keyboard.type(line)
  }
  t.equal(await message.inputValue(), words)
  await page.getByLabel('Prompt', { exact: true }).fill('echo done')
  t.ok(await message.evaluate((one) => one.scrollHeight <= one.clientHeight + 1), 'all of it can be seen')
  await shoot('message')
  await message.press('Enter')
  await page.getByText(/^Exited 0 after/).waitFor()
  t.equal(await title(page).innerText(), 'Make it **exact**')

  await page.getByRole('button', { name: 'Run again' }).click()
  t.equal(await message.inputValue(), words)
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('.runs li').nth(1).waitFor()
  await until('both have it', async () => (await messages()).join('|') === [words, words].join('|'))
  t.same(faults, [])
})

t.test('on a turned phone what is wrong can be seen', { skip }, async (t) => {
  const { service } = await startService(t)
  const viewport = { width: 844, height: 390 }
  const { page, faults, shoot } = await open(await openBrowser(t), service.url, { viewport })
  await page.getByRole('button', { name: 'New run' }).click()
  await page.getByLabel('Message', { exact: true }).fill('Hello')
  await page.getByLabel('Prompt', { exact: true }).fill('true')
  await page.getByLabel('Workspace').fill('/there/is/no/such/place')
  await page.locator('[data-part="start"]').click()
  const problem = page.locator('#workspace-problem')
  await problem.waitFor()
  const isOnTop = () =>
    problem.evaluate((said) => {
      const { left, top, height } = said.getBoundingClientRect()
      return said.contains(document.elementFromPoint(left + 5, top + height / 2))
    })
  await until('all of it in sight', isOnTop)
  await shoot('25-turned-error')
  await page.getByLabel('Workspace').fill('')
  await page.route(PLAN, (route) =>
    route.fulfill({ status: 503, json: { ok: false, code: 'LOOPER_DISK_FULL', error: 'the disk is full' } }),
  )
  await page.locator('[data-part="start"]').click()
  const general = page.locator('.plan .problem')
  await general.waitFor()
  await until('all of it in sight', () =>
    general.evaluate((said) => {
      const { left, top, height } = said.getBoundingClientRect()
      return said.contains(document.elementFromPoint(left + 5, top + height / 2))
    }),
  )
  t.same(faults, [])
})
