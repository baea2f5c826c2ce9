import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { lines, open, openBrowser, skip, startRun, startService } from './browser.ts'

const ESC = '\u001b'
/** Each line tries something else. */
const HOSTILE = [
  '<script>window.pwned = 1</script>',
  '<img src=x onerror="window.pwned = 2"><svg onload="window.pwned = 3">',
  '<iframe src="https://evil.example/"></iframe><a href="javascript:window.pwned=4">click</a>',
  '<style>body { display: none }</style><link rel=stylesheet href="//evil.example/a.css">',
  '</div></section></main><form action="https://evil.example"><button>Sign in</button></form>',
  `${ESC}]8;;https://evil.example\u0007a link${ESC}]8;;\u0007`,
  `${ESC}]52;c;${Buffer.from('rm -rf /').toString('base64')}\u0007after the clipboard`,
  `${ESC}]0;a title of its own\u0007after the title`,
  `${ESC}[2J${ESC}[H${ESC}[?1049hafter the clear`,
  `${ESC}[8mconcealed${ESC}[0m ${ESC}[38;5;1;x;url(https://evil.example)mcolour`,
  `${ESC}[31mred${ESC}[0m ${ESC}[38;2;10;200;30mtrue${ESC}[0m ${ESC}[1;4mbold${ESC}[0m`,
  'NUL \u0000 BEL \u0007 turn \u202e around',
  'what was\rwhat is',
  `never closed ${ESC}]0;`,
]

t.test('a log full of HTML and escape codes does no harm', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const hostile = path.join(workspace, 'hostile')
  writeFileSync(
    hostile,
    Buffer.concat([Buffer.from(`${HOSTILE.join('\n')}\n`), Buffer.from([0xff, 0xfe, 10])]),
  )
  const { page, faults, shoot } = await open(await openBrowser(t), service.url)
  await page.evaluate(
    "addEventListener('securitypolicyviolation', (e) => { window.broken = e.violatedDirective })",
  )
  const prompt = `cat hostile; echo '<img src=x onerror="window.pwned = 5">'; echo done`
  await startRun(page, '<b onclick="window.pwned = 6">notice</b>', prompt)
  await page.getByText(/^Exited 0 after/).waitFor()
  await page.locator('.line', { hasText: /^done$/ }).waitFor()

  t.equal(await page.evaluate('window.pwned'), undefined)
  t.equal(await page.evaluate('window.broken'), undefined)
  t.same(faults, [])
  t.equal(await page.locator('.line :is(script, img, svg, iframe, style, link, form, button)').count(), 0)
  const links = await page.locator('.line a:not(.number)').all()
  for (const link of links) {
    t.match(await link.getAttribute('href'), /^https?:\/\//)
    t.equal(await link.getAttribute('rel'), 'noopener noreferrer')
  }
  t.equal(await page.locator('b').count(), 0)
  await until('the title of the tab', async () => /exited 0/.test(await page.title()))

  const shown = await lines(page).allInnerTexts()
  for (const text of [
    ...HOSTILE.slice(0, 5),
    'a link',
    'after the clipboard',
    'after the title',
    'after the clear',
  ])
    t.ok(shown.includes(text), text)
  t.ok(shown.includes('concealed ;url(https://evil.example)mcolour'))
  t.ok(shown.includes('NUL ^@ BEL ^G turn <U+202E> around'))
  t.ok(shown.some((text) => /^what iss\s*↻1$/.test(text)))
  const red = page.locator('.line span', { hasText: /^red$/ })
  t.notSame(
    await red.evaluate((span) => getComputedStyle(span).color),
    await lines(page)
      .first()
      .evaluate((line) => getComputedStyle(line).color),
  )
  await shoot('hostile')

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ])
  const [run] = (await (await fetch(`${service.url}/runs`)).json()).runs
  t.same(
    readFileSync(await download.path()),
    readFileSync(run.log_path),
    'the download is the log, byte for byte',
  )
})

t.test('a log of 50 MB does not freeze the page, and its end is shown', { skip }, async (t) => {
  const { service } = await startService(t)
  await service.post({
    zulip_message: 'Much',
    codex_prompt:
      'i=0; yes "$(printf \'\\033[32m%060d\\033[0m\' 7)" | head -c 50000000; echo; echo the last line',
  })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await page.getByText('the last line', { exact: true }).waitFor()
  await page.getByText(/^[\d,]+ lines before this are not loaded/).waitFor()
  // Lines come and go in chunks.
  t.ok((await lines(page).count()) <= 5200)
  await page.keyboard.press('/')
  await page.keyboard.type('the last')
  await page.locator('.count', { hasText: /^2$/ }).waitFor()
  // The first one is in the command, 50 MB away.
  await page.keyboard.press('Shift+Enter')
  await page.getByText('2 of 2').waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('1 of 2').waitFor()
  await page.getByText(/^# command=/).waitFor()
  t.same(faults, [])
})

t.test('following stops where the reader scrolls up, and goes on at the end', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  await startRun(page, 'Counting', 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.01; done')
  await until('more than fits', async () => (await lines(page).count()) > 150)
  const isAtEnd = () =>
    page.locator('.lines').evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 30)
  await until('the end in sight', isAtEnd)
  const follow = (pressed: boolean) => page.getByRole('button', { name: 'Follow', pressed })
  await follow(true).waitFor()

  await page.locator('.lines').hover()
  await page.mouse.wheel(0, -400)
  await page.getByRole('button', { name: 'Jump to the end' }).waitFor()
  await follow(false).waitFor()
  const top = await page.locator('.lines').evaluate((box) => box.scrollTop)
  const before = await lines(page).count()
  await until('more lines', async () => (await lines(page).count()) > before + 30)
  t.equal(await page.locator('.lines').evaluate((box) => box.scrollTop), top, 'the reader is left alone')

  await page.getByRole('button', { name: 'Jump to the end' }).click()
  await until('the end in sight again', isAtEnd)
  await follow(true).waitFor()
  t.same(faults, [])
})
