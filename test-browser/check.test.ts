import { chmodSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService, verdict } from './browser.ts'
import { show } from './show.ts'

const HOSTILE = `<img src=x onerror=alert(1)> \u202e${'x'.repeat(200)}`

t.test('the verdict of a check is told, and what it wrote is a click away', { skip }, async (t) => {
  const check = `${t.testdirName}/check`
  const { service, workspace } = await startService(t, { LOOPER_ALLOWED_EXECUTABLES: check })
  writeFileSync(
    check,
    `#!/bin/sh
head -c 400000 /dev/zero | tr '\\0' '\\n'
printf '\\033[31m%s\\033[0m\\n' '${HOSTILE}'
until [ -e go-on ]; do sleep 0.05; done
echo the last line; exit 3
`,
  )
  chmodSync(check, 0o755)
  await service.post({ zulip_message: 'Unchecked', codex_prompt: 'true' })
  const watched = await open(await openBrowser(t), service.url)
  const { page, faults } = watched
  await page.getByText(/^Exited 0 after/).waitFor()
  const fold = page.locator('[data-part="check"]')
  t.equal(await fold.isVisible(), false, 'of a run that nothing checks nothing is said')

  await service.post({
    zulip_message: 'Checked',
    codex_prompt: 'until [ -e begin ]; do sleep 0.05; done',
    verify: check,
  })
  await fold.getByText(check).waitFor()
  await fold.locator('summary').click()
  await fold.getByText('It has not begun.').waitFor()
  writeFileSync(`${workspace}/begin`, '')
  await fold.getByText('<img src=x').waitFor()
  await fold.getByText(/^This is the end of it/).waitFor()
  t.ok((await fold.locator('.line').count()) <= 1000, 'a part of it, as of every log')
  t.ok((await fold.locator('.line .fg-1').count()) > 0, 'in its colours')
  writeFileSync(`${workspace}/go-on`, '')
  await page.getByText(/^Exited 0, refuted after/).waitFor()
  await fold.getByText('refuted: the check exited with 3').waitFor()
  await fold.getByText('the last line', { exact: true }).waitFor()
  await page.locator('.runs .tone-bad', { hasText: 'exited 0, refuted' }).waitFor()
  await until('the title of the tab', async () => /^✗ exited 0, refuted/.test(await page.title()))
  await show(t, watched, '34-check')

  await page.evaluate('location.hash = [...document.querySelectorAll(".runs a")].at(-1).hash')
  await page.getByText('This is a past run.').waitFor()
  await verdict(page)
    .getByText(/^Exited 0 after/)
    .waitFor()
  t.equal(await fold.isVisible(), false)
  t.equal(await fold.locator('.line').count(), 0, 'nothing of the other one is left')
  t.same(faults, [])
})
