import { copyFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { setUpLoops } from '../test/helpers/loop-service.ts'
import { addRounds } from '../test/helpers/many-rounds.ts'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip } from './browser.ts'
import { show } from './show.ts'
import { change } from './stubs.ts'

const HOSTILE = '<img src=x onerror=alert(1)> \u202e</pre><script>alert(2)</script>'
const BEGIN = Date.parse('2026-01-02T03:04:05.000Z')

/** How a round was: of every three one failed. */
const roundOf = (iteration: number) => ({
  startedAt: BEGIN + iteration * 1000,
  endedAt: BEGIN + iteration * 1000 + 120_000,
  prompt: HOSTILE,
  response: HOSTILE.repeat(200),
  error: iteration % 3 === 0 ? HOSTILE : null,
  tokens: 12_345,
  costUsd: 0.5,
  isChanged: iteration % 2 === 0,
})

/** The pages of rounds that were asked for, with how long each took, in milliseconds. */
const pagesOf = (page: Page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .filter(({ name }) => name.includes('/rounds?'))
      .map(({ name, duration }) => ({ query: new URL(name).search, ms: Math.round(duration) })),
  )

t.test('ten thousand rounds, and a token that may only read, on a phone', { skip }, async (t) => {
  const loops = await setUpLoops(t, 'say hello; sleep 600')
  for (let index = 0; index < 10; index += 1) await loops.define(`loop-${index}`)
  addRounds(loops.logDir, 'loop-3', 10_000, roundOf)
  const phone = { viewport: { width: 360, height: 780 }, isMobile: true, hasTouch: true }
  const watched = await open(await openBrowser(t), loops.service().url, phone)
  const { page } = watched
  await page.getByRole('tab', { name: 'State' }).click()
  await page.getByRole('link', { name: 'Loops' }).click()
  await page.locator('.all li').nth(9).waitFor()
  await watched.shoot('61-loops-phone')
  await change(page, /\/status$/, (status) => ({ ...status, token: { name: 'wall', scope: 'read' } }))
  await page.getByRole('link', { name: /^loop-3/ }).click()
  const newest = page.locator('.strip button').first()
  await newest.getByText('10000', { exact: true }).waitFor()
  t.ok(
    await page.locator('.all [aria-current="page"]').evaluate((link) => {
      const { left, right } = link.getBoundingClientRect()
      return left >= 0 && right <= innerWidth
    }),
    'the one that is shown can be seen among the others',
  )
  await page.getByRole('button', { name: 'Older' }).click()
  await newest.getByText('9976', { exact: true }).waitFor()
  t.equal(await page.locator('.strip li').count(), 24)
  await page.locator('.strip button').nth(1).click()
  await page.locator('.round').getByText('Round 9975: failed').waitFor()
  await page.getByText('Read only', { exact: true }).waitFor()
  for (const name of ['Start', 'Save', 'Hint'])
    t.equal(await page.getByRole('button', { name, exact: true }).count(), 0, `no ${name}`)
  t.equal(await page.getByLabel('Task').isDisabled(), true)
  t.notOk(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), 'nothing is too wide')
  await watched.shoot('62-loop-phone')

  await page.getByRole('button', { name: 'Newer' }).click()
  await newest.getByText('10000', { exact: true }).waitFor()
  for (const { query, ms } of await pagesOf(page)) t.comment(`${query}: ${ms} ms`)
  await loops.act('loop-3', 'start')
  await newest.getByText('1', { exact: true }).waitFor()
  t.equal(await page.locator('.strip li').count(), 24)
  t.equal(await page.locator('.strip button').nth(1).locator('strong').innerText(), '10000')
  const whole = (await pagesOf(page)).filter(({ query }) => query.startsWith('?limit=24'))
  t.equal(whole.length, 3, 'what is over is not asked for again')
  await page.getByRole('button', { name: 'Older' }).click()
  await newest.getByText('9977', { exact: true }).waitFor()
  t.same(watched.faults, [])
})

t.test('ten loops at once', { skip }, async (t) => {
  const loops = await setUpLoops(t, 'say hello; sleep 600', { LOOPER_MAX_RUNS: '10' })
  for (let index = 0; index < 10; index += 1) {
    const workspace = path.join(loops.workspace, `w${index}`)
    mkdirSync(workspace)
    copyFileSync(loops.file('agent.sh'), path.join(workspace, 'agent.sh'))
    await loops.define(`loop-${index}`, { workspace, max_tokens: 1000, max_cost_usd: 5 })
    await loops.act(`loop-${index}`, 'start')
  }
  await loops.ask('/loop-7/memory', { persistent: 'The parser is done.\n', working: 'Look at the lexer.\n' })
  const watched = await open(await openBrowser(t), `${loops.service().url}/loops`)
  const { page } = watched
  const running = page.locator('.all li').getByText('round 1 runs')
  await until('all of them run', async () => (await running.count()) === 10)
  await show(t, watched, '64-loops')
  await page.getByRole('link', { name: /^loop-7/ }).click()
  await page.getByText('Round 1 runs', { exact: true }).waitFor()
  await page.getByText('Versions', { exact: true }).first().click()
  await page.locator('.memory li').first().waitFor()
  await page.evaluate('scrollTo(0, 0)')
  await show(t, watched, '65-loop-of-ten')
  await page.locator('[data-part="memories"]').scrollIntoViewIfNeeded()
  await page.evaluate('document.querySelector(\'[data-part="memories"]\').scrollIntoView()')
  await show(t, watched, '66-memories-of-ten')
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  await show(t, watched, '67-fields-of-ten')
  t.same(watched.faults, [])
})
