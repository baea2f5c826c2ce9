import t from 'tap'
import { open, openBrowser, skip, startService, verdict } from './browser.ts'

/** Of all that the page loads, with brotli, and with gzip for whoever comes over plain HTTP; the promise is 60 KB with either. */
const MAX_BYTES = { br: 52 * 1024, gzip: 60 * 1024 }

t.test('all of the page is small', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page } = await open(await openBrowser(t), service.url)
  await page.getByText('Nothing has run yet').waitFor()
  await page.getByRole('button', { name: 'New run' }).click()
  await page.getByLabel('Message', { exact: true }).waitFor()
  const files = await page.evaluate(() =>
    ['navigation', 'resource'].flatMap((kind) =>
      performance
        .getEntriesByType(kind)
        .map(({ name }) => new URL(name).pathname)
        .filter((path) => path === '/' || /^\/dashboard\/(?!icon)/.test(path)),
    ),
  )
  for (const [coding, most] of Object.entries(MAX_BYTES)) {
    const sizes = files.map(async (path) => {
      const { headers } = await fetch(service.url + path, { headers: { 'accept-encoding': coding } })
      t.equal(headers.get('content-encoding'), coding, path)
      return Number(headers.get('content-length'))
    })
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    t.comment(`${files.length} files, ${(total / 1024).toFixed(1)} KB with ${coding}`)
    t.ok(total <= most, `${total} bytes with ${coding}`)
  }
})

t.test('nothing moves while it fills', { skip }, async (t) => {
  const { service } = await startService(t)
  for (const prompt of ['true', 'exit 1', 'for i in $(seq 1 90); do echo "line $i"; done; sleep 300'])
    await service.post({ zulip_message: 'Make it exact', codex_prompt: prompt })
  const browser = await openBrowser(t)
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    const { page } = await open(browser, service.url, { viewport })
    await page.addInitScript(`globalThis.shifts = []; new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries())
        if (!hadRecentInput) shifts.push([value, ...sources.map(({ node }) => node?.outerHTML?.slice(0, 80))])
    }).observe({ type: 'layout-shift', buffered: true })`)
    await page.reload()
    await verdict(page)
      .getByText(/^Running for/)
      .waitFor()
    await page.getByText('line 90', { exact: true }).waitFor()
    await page.locator('.runs li').nth(2).waitFor({ state: 'attached' })
    const paint = Number(
      await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime"),
    )
    // Told, not held: 200 ms is what an idle machine keeps well below.
    t.comment(`${viewport.width}: first paint after ${Math.round(paint)} ms`)
    t.same(await page.evaluate('shifts'), [])
  }
})
