import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { textOf, until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startRun, startService } from './browser.ts'

const COUNT = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.1; done'
const TABS = 8
/** The header of a log has so many lines. */
const HEADER = 4

/** A service whose agent counts, and a first tab that watches it. */
async function setUp(test: Test, prompt = COUNT) {
  const { service, workspace } = await startService(test)
  const { page, faults } = await open(await openBrowser(test), service.url)
  await startRun(page, 'Counting', prompt)
  await page.getByText('line 3', { exact: true }).waitFor()
  const context = page.context()
  return { service, workspace, page, faults, context, addTab: () => addTab(context, service.url) }
}

async function addTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await page.goto(url)
  await page.getByText('live', { exact: true }).first().waitFor()
  return page
}

/** Has a tab believe that nobody looks at it, or that somebody does again. */
const setHidden = (page: Page, isHidden: boolean) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
    const state = hidden ? 'hidden' : 'visible'
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
    document.dispatchEvent(new Event('visibilitychange'))
  }, isHidden)

/** What is being streamed, as the server log tells it: `/events`, `/log`. */
function openStreams(logDir: string): string[] {
  const events = textOf(path.join(logDir, 'looper-server.log'))
    .split('\n')
    .filter((line) => /"msg":"http\.(start|end)"/.test(line))
    .map((line) => JSON.parse(line))
  const ended = new Set(events.filter(({ msg }) => msg === 'http.end').map(({ request_id }) => request_id))
  const open = events.filter(({ msg, request_id }) => msg === 'http.start' && !ended.has(request_id))
  return open.map(({ path }) => path.replace(/^\/runs\/[^/]+/, '')).sort()
}

/** The numbers of the lines that a tab shows. */
async function numbers(page: Page): Promise<number[]> {
  const shown = await page.evaluate(() =>
    [...document.querySelectorAll('.line')].map((line) => line.textContent),
  )
  return shown.flatMap((text) => /^line (\d+)$/.exec(text ?? '')?.[1] ?? []).map(Number)
}

/** Whether all from the first one that is loaded on are there, each one once, in their order. */
async function assertWhole(test: Test, page: Page, what: string): Promise<void> {
  const seen = await numbers(page)
  test.equal(
    seen.join(' '),
    seen.map((_, index) => Number(seen[0]) + index).join(' '),
    `${what} has no gap and nothing twice`,
  )
}

const grows = async (page: Page) => {
  const before = (await numbers(page)).length
  await until('more lines', async () => (await numbers(page)).length > before + 5)
}

t.test(
  'many tabs share one connection each for events, the log and what the agent says, and each can act',
  { skip },
  async (t) => {
    const { page, faults, context, addTab, service } = await setUp(t)
    const tabs = [page]
    while (tabs.length < TABS) tabs.push(await addTab())
    for (const [index, tab] of tabs.entries()) {
      await grows(tab)
      await assertWhole(t, tab, `tab ${index}`)
    }
    await until('three streams', () => openStreams(service.logDir).join() === '/events,/log,/transcript')

    // The tab that has the connections goes: another one goes on, without a gap.
    await page.close()
    const last = tabs.at(-1) ?? page
    await grows(last)
    for (const tab of tabs.slice(1)) await assertWhole(t, tab, 'a tab that is left')
    await last.getByRole('button', { name: 'Stop', exact: true }).click()
    await last.getByRole('button', { name: 'Stop it' }).click()
    for (const tab of tabs.slice(1)) {
      await tab.getByText(/^Stopped after/).waitFor()
      await tab.getByText('End of the log.').waitFor()
      await assertWhole(t, tab, 'a tab at the end')
    }
    t.equal(context.pages().length, TABS - 1)
    t.same(faults, [])
  },
)

t.test('a tab that nobody looks at has no connection, and misses nothing', { skip }, async (t) => {
  const { page, faults, addTab, service } = await setUp(t)
  const other = await addTab()
  await setHidden(page, true)
  await grows(other)
  await setHidden(other, true)
  await until('no stream', () => openStreams(service.logDir).length === 0)
  const before = (await numbers(other)).length
  await setHidden(other, false)
  await until('more lines', async () => (await numbers(other)).length > before + 5)
  await setHidden(page, false)
  await grows(page)
  for (const tab of [page, other]) await assertWhole(t, tab, 'a tab that came back')

  await setHidden(page, true)
  await other.getByRole('button', { name: 'Stop', exact: true }).click()
  await other.getByRole('button', { name: 'Stop it' }).click()
  await other.getByText(/^Stopped after/).waitFor()
  await until('its title tells', async () => /○ stopped/.test(await page.title()))
  await setHidden(page, false)
  await page.getByText('End of the log.').waitFor()
  await assertWhole(t, page, 'the one that was hidden at the end')
  t.same(faults, [])
})

t.test('tabs that come and go while the log grows fast have all of it', { skip }, async (t) => {
  // So many are kept at once; more are written later.
  const KEPT = 4900
  const LAST = 15_000
  const FAST = `i=0; while [ $i -lt ${LAST} ]; do
    i=$((i+1)); echo "line $i"; [ $((i % 50)) -eq 0 ] && sleep 0.02
    [ $i -eq ${KEPT} ] && until [ -e on ]; do sleep 0.02; done; done; sleep 300`
  const { page, faults, addTab, workspace } = await setUp(t, FAST)
  const tabs = [page, await addTab(), await addTab()]
  const comeAndGo = async (last: number) => {
    const isDone = async (tab: Page) => (await numbers(tab)).at(-1) === last
    let turns = 0
    for (; !(await isDone(page)) && turns < 100; turns++) {
      const tab = tabs[turns % tabs.length] ?? page
      await setHidden(tab, true)
      await setHidden(tab, false)
    }
    t.comment(`${turns} turns up to line ${last}`)
    for (const tab of tabs) await until('all lines', () => isDone(tab))
  }
  await comeAndGo(KEPT)
  for (const [index, tab] of tabs.entries()) {
    await assertWhole(t, tab, `tab ${index}`)
    t.equal((await numbers(tab)).length, KEPT)
  }

  writeFileSync(path.join(workspace, 'on'), '')
  await comeAndGo(LAST)
  for (const [index, tab] of tabs.entries()) {
    const shown = await tab.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('.line')].map((line) => [
        line.textContent,
        line.dataset.number,
      ]),
    )
    const first = Number(shown[0]?.[0]?.slice('line '.length))
    t.ok(first > 1 && first < LAST - KEPT, `tab ${index} keeps the last lines only, from ${first} on`)
    // A line counts all that came before it: where more or less came than was written, its number would tell.
    const wanted = Array.from({ length: LAST + 1 - first }, (_, at) => [
      `line ${first + at}`,
      `${first + at + HEADER}`,
    ])
    t.equal(
      shown.join(' '),
      [...wanted, ['', `${LAST + 1 + HEADER}`]].join(' '),
      `tab ${index} has no gap and nothing twice`,
    )
  }
  t.same(faults, [])
})
