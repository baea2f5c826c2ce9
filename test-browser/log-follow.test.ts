import { existsSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { until } from '../test/helpers/service.ts'
import { lines, open, openBrowser, skip, startService, type Watched } from './browser.ts'

const follow = (page: Page, pressed: boolean) => page.getByRole('button', { name: 'Follow', pressed })
const box = (page: Page) => page.locator('.lines')
const isAtEnd = (page: Page) =>
  box(page).evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight < 2)
const scrollTop = (page: Page) => box(page).evaluate((one) => one.scrollTop)
/** The number of the first line that can be read. */
const topLine = (page: Page) =>
  box(page).evaluate((one) => {
    const { top } = one.getBoundingClientRect()
    const seen = [...one.querySelectorAll<HTMLElement>('.line')]
    return seen.find((line) => line.getBoundingClientRect().bottom > top + 1)?.dataset.number
  })
/** Two frames later everything that layout brings about has happened. */
const frames = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))

/** A run whose output comes when the test says so, by the line. */
async function openLog(test: Test, options: BrowserContextOptions = {}) {
  const { service, workspace } = await startService(test)
  const say = path.join(workspace, 'say')
  await service.post({
    zulip_message: 'Talk',
    codex_prompt: `seq 1 300 | sed 's/^/line /'; while :; do if [ -e say ]; then mv say said; . ./said; else sleep 0.02; fi; done`,
  })
  const watched = await open(await openBrowser(test), service.url, options)
  await watched.page.getByText('line 300', { exact: true }).waitFor()
  await until('the end in sight', () => isAtEnd(watched.page))
  return {
    ...watched,
    /** Runs shell code as the agent, and waits until its last line is drawn. */
    async write(code: string) {
      const word = `done ${Math.random()}`
      await until('the last words', () => !existsSync(say))
      writeFileSync(`${say}.new`, `${code}\necho '${word}'\n`)
      renameSync(`${say}.new`, say)
      await lines(watched.page).filter({ hasText: word }).waitFor({ state: 'attached' })
      await frames(watched.page)
    },
  }
}

/** Whatever it is, it neither ends the following nor begins it, and the line that is read stays. */
async function changesNothing(test: Test, { page, faults }: Watched, change: () => Promise<unknown>) {
  await follow(page, true).waitFor()
  await change()
  await frames(page)
  test.equal(await follow(page, true).count(), 1, 'still followed')
  test.ok(await isAtEnd(page), 'the end is in sight')

  await box(page).hover()
  await page.mouse.wheel(0, -2000)
  await follow(page, false).waitFor()
  await staysWhereItIs(test, { page, faults }, change)
}

/** What is read stays, whatever it is. */
async function staysWhereItIs(
  test: Test,
  { page, faults }: Pick<Watched, 'page' | 'faults'>,
  change: () => Promise<unknown>,
) {
  await frames(page)
  const read = await topLine(page)
  await change()
  await frames(page)
  test.equal(await follow(page, false).count(), 1, 'still not followed')
  test.equal(await topLine(page), read, 'the same line is read')
  test.same(faults, [])
}

t.test('a change of the window changes nothing', { skip }, async (t) => {
  const log = await openLog(t)
  let round = 0
  await changesNothing(t, log, async () => {
    const heights = round++ === 0 ? [500, 900, 400, 1000, 700] : [700, 800, 700]
    for (const height of heights) {
      await log.page.setViewportSize({ width: 1280, height })
      await frames(log.page)
    }
  })
})

t.test('a rotation changes nothing', { skip }, async (t) => {
  const log = await openLog(t, { viewport: { width: 800, height: 1100 } })
  await changesNothing(t, log, async () => {
    await log.page.setViewportSize({ width: 1100, height: 800 })
    await frames(log.page)
    await log.page.setViewportSize({ width: 800, height: 1100 })
  })
})

t.test('folding what is above it changes nothing', { skip }, async (t) => {
  const log = await openLog(t)
  await changesNothing(t, log, async () => {
    for (const name of ['Prompt', 'Details', 'Details', 'Prompt']) {
      await log.page.locator('summary', { hasText: name }).click()
      await frames(log.page)
    }
  })
})

t.test('another font and another wrapping change nothing', { skip }, async (t) => {
  const log = await openLog(t)
  const change = async () => {
    for (const size of ['30px', '8px', '']) {
      await box(log.page).evaluate((one, wanted) => {
        one.style.fontSize = wanted
      }, size)
      await frames(log.page)
    }
    await log.page.getByRole('button', { name: 'Wrap' }).click()
    await frames(log.page)
    await log.page.getByRole('button', { name: 'Wrap' }).click()
  }
  await changesNothing(t, log, change)
  // However much of the first line is in sight: with small letters it may be none of it.
  for (let step = 0; step < 4; step++) {
    await box(log.page).hover()
    await log.page.mouse.wheel(0, -5)
    await staysWhereItIs(t, log, change)
  }
})

t.test('fast output changes nothing', { skip }, async (t) => {
  const log = await openLog(t)
  await changesNothing(t, log, () => log.write('seq 1 1500'))
})

t.test('so much output that the first lines go changes nothing', { skip }, async (t) => {
  const log = await openLog(t)
  await log.write('seq 1 9000')
  t.equal(await follow(log.page, true).count(), 1)
  t.ok(await isAtEnd(log.page))
  await log.write('seq 1 9000')
  t.equal(await follow(log.page, true).count(), 1)
  t.ok(await isAtEnd(log.page))
  t.ok((await lines(log.page).count()) < 5500)
})

t.test('progress lines change nothing', { skip }, async (t) => {
  const log = await openLog(t)
  const bar = `i=0; while [ $i -lt 60 ]; do i=$((i+1)); printf '\\r\\033[Kdone %s' $i; done; echo`
  const layers = `printf 'a\\nb\\nc\\n'; i=0; while [ $i -lt 60 ]; do i=$((i+1)); printf '\\033[3A\\033[Ja %s\\nb\\nc\\n' $i; done`
  await changesNothing(t, log, () => log.write(`${bar}; ${layers}`))
  t.equal(
    await lines(log.page)
      .filter({ hasText: /^done \d/ })
      .count(),
    4,
    'two bars, and two last words',
  )
})

t.test('a tab that was hidden comes back as it was', { skip }, async (t) => {
  const log = await openLog(t)
  const show = async (state: 'hidden' | 'visible') => {
    await log.page.evaluate((wanted) => {
      Object.defineProperty(document, 'visibilityState', { value: wanted, configurable: true })
      Object.defineProperty(document, 'hidden', { value: wanted === 'hidden', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
    await frames(log.page)
  }
  await changesNothing(t, log, async () => {
    await show('hidden')
    await show('visible')
    await log.write('seq 1 200')
  })
})

t.test(
  'the wheel, keys, a finger and the scrollbar end it, and begin it again at the end',
  { skip },
  async (t) => {
    const { service } = await startService(t)
    await service.post({ zulip_message: 'Many', codex_prompt: `seq 1 500; sleep 300` })
    const browser = await openBrowser(t, ['--hide-scrollbars'])
    const { page, faults } = await open(browser, service.url, { hasTouch: true })
    await page.getByText('500', { exact: true }).waitFor()
    await until('the end in sight', () => isAtEnd(page))
    const place = await box(page).boundingBox()
    if (!place) throw new Error('there is no log')
    const x = place.x + place.width / 2
    const bottom = place.y + place.height - 8

    const touch = await page.context().newCDPSession(page)
    const drag = async (from: number, to: number) => {
      const point = (y: number) => [{ x, y }]
      await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: point(from) })
      for (let step = 1; step <= 10; step++) {
        const y = from + ((to - from) * step) / 10
        await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: point(y) })
      }
      await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    }
    /** Presses the thumb of the scrollbar, between two arrows perhaps, and takes it elsewhere. */
    const pull = async (to: number) => {
      const { top, size } = await box(page).evaluate((one) => ({
        top: one.scrollTop / one.scrollHeight,
        size: one.clientHeight / one.scrollHeight,
      }))
      await page.mouse.move(place.x + place.width - 5, place.y + 15 + (place.height - 30) * (top + size / 2))
      await page.mouse.down()
      await page.mouse.move(place.x + place.width - 5, to, { steps: 10 })
      await page.mouse.up()
    }
    await page.mouse.move(x, bottom - 50)
    const ways: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
      ['wheel', () => page.mouse.wheel(0, -500), () => page.mouse.wheel(0, 5000)],
      [
        'keys',
        async () => {
          await box(page).focus()
          await page.keyboard.press('PageUp')
        },
        () => page.keyboard.press('End'),
      ],
      ['finger', () => drag(place.y + 60, bottom), () => drag(bottom, place.y + 60)],
      ['scrollbar', () => pull(place.y + 60), () => pull(bottom + 200)],
    ]
    for (const [name, up, down] of ways) {
      await follow(page, true).waitFor()
      await up()
      await follow(page, false).waitFor()
      await until(`${name}: away from the end`, async () => !(await isAtEnd(page)))
      await down()
      await follow(page, true).waitFor()
      t.ok(await isAtEnd(page), name)
    }

    await page.mouse.move(x, bottom - 50)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -100)
    await page.keyboard.up('Control')
    await frames(page)
    t.equal(await follow(page, true).count(), 1, 'a zoom is no scroll')
    await page.getByRole('button', { name: 'Follow' }).click()
    await follow(page, false).waitFor()
    const top = await scrollTop(page)
    await box(page).evaluate((one) => {
      one.scrollTop = one.scrollHeight
    })
    await frames(page)
    t.equal(await follow(page, false).count(), 1, 'what is no person does not begin it')
    t.ok((await scrollTop(page)) >= top)
    t.same(faults, [])
  },
)
