import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { PROJECT } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService, verdict } from './browser.ts'

const PAGE = path.join(PROJECT, 'src/dashboard/page')
const MAX_BYTES = 60 * 1024
/** Of a machine with other things to do; on an idle one it is a tenth of that. */
const MAX_PAINT_MS = 2000

t.test('all of the page is small', async (t) => {
  const files = readdirSync(PAGE).filter((name) => !name.endsWith('.png'))
  const sizes = files.map((name) => gzipSync(readFileSync(path.join(PAGE, name)), { level: 9 }).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  t.comment(`${files.length} files, ${(total / 1024).toFixed(1)} KB with gzip`)
  t.ok(total <= MAX_BYTES, `${total} bytes`)
})

t.test('it is painted soon, and nothing moves while it fills', { skip }, async (t) => {
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
    t.comment(`${viewport.width}: first paint after ${Math.round(paint)} ms`)
    t.ok(paint < MAX_PAINT_MS)
    t.same(await page.evaluate('shifts'), [])
  }
})
