import type { Page } from 'playwright-core'
import t from 'tap'
import { lines, open, openBrowser, skip, startRun, startService, title, verdict } from './browser.ts'

/** What can be scrolled now, of what can be seen. */
const scrollers = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('body *')]
      .filter((box) => box.checkVisibility({ visibilityProperty: true }))
      .filter((box) => {
        const { overflowY } = getComputedStyle(box)
        const isRoot = box === document.documentElement
        const canScroll = isRoot ? overflowY !== 'hidden' : /auto|scroll/.test(overflowY)
        return canScroll && box.scrollHeight > box.clientHeight
      })
      .map(({ tagName, className }) => `${tagName.toLowerCase()}.${className}`),
  )

/** The touch targets that are too small for a finger, and the fields that iOS would zoom in on. */
const tooSmall = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, a, select, input, textarea, summary')]
      .filter((box) => box.checkVisibility({ visibilityProperty: true }) && !box.closest('.toast'))
      .filter((box) => !document.querySelector('dialog[open]') || box.closest('dialog'))
      // A line is as high as its text: what its number does, "Copy" and the address do as well.
      .filter((box) => !box.matches('.line *'))
      .flatMap((box) => {
        // The words beside a box to tick belong to it.
        const { width, height } = (box.closest('label.check') ?? box).getBoundingClientRect()
        const isField = box.matches('select, input, textarea')
        const isSmall =
          Math.min(width, height) < 43.5 || (isField && parseFloat(getComputedStyle(box).fontSize) < 16)
        return isSmall ? [`${box.outerHTML.slice(0, 80)} ${width}x${height}`] : []
      }),
  )

const OUTPUT = 'for i in $(seq 1 200); do echo "line $i"; done; echo the last line; '

t.test('on a phone, upright and turned, one thing is shown and scrolls', { skip }, async (t) => {
  const { service } = await startService(t)
  await service.post({ zulip_message: 'The first one', codex_prompt: `${OUTPUT} exit 1` })
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
  const { page, faults } = await open(await openBrowser(t), service.url, phone)
  await verdict(page)
    .getByText(/^Exited 1/)
    .waitFor()
  await startRun(page, 'The second one', `${OUTPUT} sleep 300`)
  await verdict(page)
    .getByText(/^Running/)
    .waitFor()
  const tab = (name: string) => page.getByRole('tab', { name })

  for (const viewport of [phone.viewport, { width: 844, height: 390 }]) {
    const { width, height } = viewport
    await page.setViewportSize(viewport)
    await tab('Log').click()
    t.equal(await tab('Log').getAttribute('aria-selected'), 'true')
    await page.getByRole('tabpanel', { name: 'Log' }).waitFor()
    await lines(page).getByText('the last line', { exact: true }).waitFor()
    for (const seen of [
      title(page),
      verdict(page),
      lines(page).getByText('the last line', { exact: true }),
    ]) {
      const box = await seen.boundingBox()
      t.ok(box && box.y >= 0 && box.y + box.height <= height, `${width}: ${await seen.innerText()}`)
    }
    const stop = await page.getByRole('button', { name: 'Stop', exact: true }).boundingBox()
    t.ok(stop && stop.y > height - 60 && stop.x > width / 2, `${width}: Stop is where the thumb is`)
    t.same(await scrollers(page), ['section.lines wrap'])
    t.same(await tooSmall(page), [], `${width}: all can be touched`)
    await page.locator('[data-part="time"]').evaluate((button) => button.removeAttribute('hidden'))
    const tools = await page.locator('.tools').boundingBox()
    t.ok(
      tools && tools.height < (width < height ? 3 : 1.5) * 44,
      `${width}: the tools in as few rows as can be`,
    )

    await page.locator('.prompt summary').click()
    t.ok((await scrollers(page)).length <= 1, 'also with the prompt open')
    await page.locator('.prompt summary').click()

    await tab('Runs').click()
    t.equal(await page.locator('.lines').isVisible(), false)
    t.ok((await scrollers(page)).length <= 1)
    t.same(await tooSmall(page), [], `${width}: the list, too`)
    await page.locator('.runs a', { hasText: 'The first one' }).click()
    await page.getByRole('tabpanel', { name: 'Log' }).waitFor()
    await verdict(page)
      .getByText(/^Exited 1/)
      .waitFor()
    t.equal(await title(page).innerText(), 'The first one')
    await page.getByRole('link', { name: 'Show the latest' }).click()
    await verdict(page)
      .getByText(/^Running/)
      .waitFor()

    await tab('State').click()
    await page.getByText('Slot').waitFor()
    t.ok((await scrollers(page)).length <= 1)
    t.same(await tooSmall(page), [], `${width}: the state, too`)
    await tab('State').press('ArrowRight')
    t.equal(await tab('Log').getAttribute('aria-selected'), 'true', 'arrows lead from tab to tab')

    await page.getByRole('button', { name: 'New run' }).click()
    await page.getByText('This will be stopped').waitFor()
    t.same(await tooSmall(page), [], `${width}: the form, too`)
    await page.getByRole('button', { name: 'Cancel' }).click()
  }
  t.same(faults, [])
})

t.test('whoever asks for it is notified of an end while they look elsewhere', { skip }, async (t) => {
  const { service } = await startService(t)
  const browser = await openBrowser(t)
  const { page, faults } = await open(browser, service.url, { permissions: ['notifications'] })
  await page.evaluate(`globalThis.told = []; globalThis.Notification = class extends EventTarget {
    static permission = 'granted'
    static requestPermission = async () => 'granted'
    constructor(title, options) { super(); told.push([title, options.body]) }
  }`)
  const told = () => page.evaluate('JSON.stringify(told)')
  await startRun(page, 'Before', 'true')
  await verdict(page)
    .getByText(/^Exited 0/)
    .waitFor()
  await page.getByRole('button', { name: 'Notify me' }).click()
  await page.evaluate('document.hasFocus = () => false')
  await startRun(page, 'After', 'exit 3')
  await verdict(page)
    .getByText(/^Exited 3/)
    .waitFor()
  t.match(await told(), /^\[\["Failed: After","exited 3 after \ds"\]\]$/, 'once, and only what was asked for')
  t.same(faults, [])
})
