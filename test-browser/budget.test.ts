import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService } from './browser.ts'

t.test(
  'the form asks for a budget, says what is wrong with it, and asks for it again',
  { skip },
  async (t) => {
    const { service } = await startService(t)
    const { page, faults } = await open(await openBrowser(t), service.url)
    await page.getByRole('button', { name: 'New run' }).click()
    await page.getByLabel('Message', { exact: true }).fill('With a budget')
    await page.getByLabel('Prompt', { exact: true }).fill('true')
    await page.getByText('More options').click()
    await page.getByLabel('Budget, tokens').fill('1.5e3x')
    await page.locator('[data-part="start"]').click()
    await page.getByText('The budget in tokens must be a whole number of tokens, 0 or more').waitFor()
    await page.getByLabel('Budget, tokens').fill('')
    await page.getByLabel('Budget, $').fill('2')
    await page.locator('[data-part="start"]').click()
    await page.getByText('does not tell what it costs').waitFor()
    await page.getByLabel('Budget, $').fill('')
    await page.getByLabel('Budget, tokens').fill('250000')
    await page.locator('[data-part="start"]').click()
    const runs = async () => JSON.parse(await (await fetch(`${service.url}/runs`)).text()).runs
    await until('it is on the record', async () => (await runs()).length === 1)
    t.match(await runs(), [{ max_tokens: 250_000, max_cost_usd: null }])
    await page.getByRole('button', { name: 'Run again' }).click()
    await until(
      'its budget is asked for again',
      async () => (await page.getByLabel('Budget, tokens').inputValue()) === '250000',
    )
    t.same(faults, [])
  },
)
