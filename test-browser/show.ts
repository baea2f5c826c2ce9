import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Watched } from './browser.ts'
import { axePath } from './stubs.ts'

const SIZES = { desktop: [1440, 900], phone: [390, 844], turned: [844, 390] } as const
const AXE = axePath()

/** Shows a state on each screen, light and dark; nothing is wider than the screen, and axe finds nothing. */
export async function show(test: Test, { page, shoot, faults }: Watched, name: string, tab = 'Log') {
  for (const [screen, [width, height]] of Object.entries(SIZES)) {
    await page.setViewportSize({ width, height })
    const button = page.getByRole('tab', { name: tab })
    if (screen !== 'desktop' && (await button.isVisible()) && !(await page.locator('dialog[open]').count()))
      await button.click()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await shoot(`${name}-${screen}-${colorScheme}`)
      const tooWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
      test.notOk(tooWide, `${name}: nothing is wider than the ${screen}`)
      if (AXE !== null)
        test.same(await violations(page, AXE), [], `${name}: accessible, ${screen}, ${colorScheme}`)
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  test.same(faults, [], name)
}

/** What axe finds, as lines. */
async function violations(page: Page, path: string): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(readFileSync(path, 'utf8'))
  return await page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`)
}
