import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { lines, open, openBrowser, skip, startService } from './browser.ts'
import { BEGIN, call, END, entries, result, saying, text, toLog, toTranscript } from './said.ts'
import { change } from './stubs.ts'

const REPLY = `Fixed in \`kernel.rs\`.

- the **test** passes
  - see https://example.org/a_(b).

\`\`\`sh
cargo test   # two spaces
\`\`\``

t.test('a run shows what its agent said, and its log is one key away', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const { page, faults, shoot } = await open(await openBrowser(t), service.url)
  const prompt = saying(workspace, 'said', [
    ...BEGIN,
    call('1', 'cargo test'),
    result('1', 'cargo test', 'test exact ... ok\n'),
    result('2', 'ls /nowhere', 'no such directory', false),
    text(REPLY),
    END,
  ])
  const { body } = await service.post({ zulip_message: 'Fix the test', codex_prompt: prompt })
  await page.getByText('End of the transcript.').waitFor()
  await page.reload()
  await page.getByText('End of the transcript.').waitFor()
  t.equal(await lines(page).count(), 0, 'the log is not even asked for')
  await shoot('21-transcript')

  const said = page.locator('.said')
  t.match(await said.innerText(), /^Fixed in kernel.rs.\s+- the test passes\n {2}- see/)
  t.equal(await said.locator('pre').innerText(), 'cargo test   # two spaces')
  t.equal(await said.locator('strong').innerText(), 'test')
  t.equal(await said.getByRole('link').getAttribute('href'), 'https://example.org/a_(b)')
  t.match(await page.locator('.used').innerText(), /4.7k in · 20k cached · 1.1k out/)

  const calls = page.locator('.call')
  t.equal(await calls.count(), 2, 'one that began and ended is one')
  t.match(await calls.first().innerText(), /^exec\s+cargo test/)
  t.equal(await page.getByText('test exact ... ok', { exact: true }).isVisible(), false)
  await calls.first().locator('summary').click()
  await page.getByText('test exact ... ok', { exact: true }).waitFor()
  t.match(await calls.nth(1).innerText(), /failed/)

  await page.keyboard.press('t')
  await page.getByText('End of the log.').waitFor()
  t.ok(await page.getByLabel('Search the log').isVisible())
  t.notOk(await page.getByText('test exact ... ok', { exact: true }).isVisible())
  await page.reload()
  await page.getByText('End of the log.').waitFor()
  await toTranscript(page).click()
  await page.getByText('End of the transcript.').waitFor()
  t.notOk(await page.getByLabel('Search the log').isVisible())
  await page.keyboard.press('/')
  t.equal(await page.evaluate('document.activeElement?.dataset.part'), 'search', 'which is that of the log')
  await page.keyboard.press('Escape')
  await toTranscript(page).click()
  await page.reload()
  await page.getByText('End of the transcript.').waitFor()

  await page.evaluate(`location.hash = '#/runs/${body.run_id}#L3'`)
  await page.locator('.line.chosen').waitFor()
  await page.reload()
  await page.locator('.line.chosen').waitFor()
  t.equal(await toLog(page).getAttribute('aria-pressed'), 'true')
  await page.evaluate(`location.hash = ''`)
  await page.reload()
  await page.getByText('End of the transcript.').waitFor()
  t.same(faults, [])
})

t.test('what an agent says is only text', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  const hostile = [
    '<img src=x onerror=alert(1)> [click](javascript:alert(1)) <https://example.org> javascript:alert(2)',
    '```\n<script>alert(3)</script>\n',
    '`<b>`` `` ` **a** ** b** '.repeat(20_000),
    '[a](https://evil.example\u202e) https://user@example.org https://example.org\u0000x',
    '`'.repeat(100_000),
    `\` ${' '.repeat(100_000)}x\``,
    `${'**a'.repeat(30_000)}\u202e\u0007\u001b[31m`,
  ]
  const input = '{"command":["<img onerror=alert(4)>"],"__proto__":{"a":1},"path":null}'
  const prompt = saying(workspace, 'said', [
    ...BEGIN,
    ...hostile.map(text),
    {
      type: 'item.completed',
      item: {
        id: '<i>',
        type: 'mcp_tool_call',
        server: '<u>',
        tool: '</summary>',
        arguments: JSON.parse(input),
      },
    },
    { type: 'turn.failed', error: { message: '<svg onload=alert(5)> https://example.org/error' } },
  ])
  const { body } = await service.post({ zulip_message: 'Hostile', codex_prompt: prompt })
  t.ok(body.run_id)
  await page.getByText('End of the transcript.').waitFor()
  await page.locator('.fault').waitFor()
  await page.locator('.call summary').click()
  const more = page.getByRole('button', { name: /^Show all of it/ })
  while ((await more.count()) > 0) await more.first().click()
  t.equal(await page.locator('.talk :is(img, script, svg svg, u, i, b)').count(), 0)
  t.match(await page.locator('.said').first().innerText(), /<img src=x onerror=alert\(1\)>/)
  const links = await page
    .locator('.talk a')
    .evaluateAll((all) => all.map((link) => link.getAttribute('href')))
  t.ok(links.length > 0)
  t.same(
    links.filter((href) => !/^https:\/\/example\.org\//.test(String(href))),
    [],
    'those that lead where they seem to',
  )
  t.same(faults, [])
})

t.test('however much is said, no more than a part of it is held', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  const many = Array.from({ length: 5000 }, (_, index) => [
    text(`word ${index + 1}`),
    result(`${index}`, `echo ${index + 1}`, 'x'.repeat(200)),
  ])
  const prompt = saying(workspace, 'said', [
    ...BEGIN,
    ...many.flat(),
    text(`${'large '.repeat(200_000)}`),
    text('the last'),
  ])
  await service.post({ zulip_message: 'Much', codex_prompt: prompt })
  await page.getByText('the last', { exact: true }).waitFor()
  await page.getByText('End of the transcript.').waitFor()
  t.ok((await entries(page).count()) <= 500)
  const large = page.locator('.said', { hasText: 'large large' })
  t.ok((await large.innerText()).length < 25_000)
  await large.getByRole('button', { name: /^Show all of it/ }).click()
  t.ok((await large.innerText()).length > 200_000)

  await page.locator('.talk').evaluate((box) => box.scrollTo(0, 0))
  await page.locator('.talk').focus()
  await page.keyboard.press('Home')
  const first = await entries(page).first().innerText()
  const earlier = page.getByRole('button', { name: 'Load earlier' })
  await earlier.click()
  await until('what was before', async () => (await entries(page).first().innerText()) !== first)
  t.ok((await entries(page).count()) <= 500)
  await page.getByText(first, { exact: true }).waitFor()
  const later = page.getByRole('button', { name: 'Load later' })
  await later.click()
  await page.getByText('the last', { exact: true }).waitFor()
  const words = (await page.locator('.said').allInnerTexts()).flatMap(
    (words) => /^word (\d+)$/.exec(words)?.[1] ?? [],
  )
  t.ok(words.length > 100)
  t.same(
    words,
    words.map((_, index) => String(Number(words[0]) + index)),
    'each once, in their order',
  )
  t.same(faults, [])
})

t.test('a live transcript is followed, and goes on after the service was away', { skip }, async (t) => {
  const { service, workspace, restart } = await startService(t)
  const { page } = await open(await openBrowser(t), service.url)
  const begin = saying(workspace, 'begin', [...BEGIN, call('slow', 'make all')])
  const one = JSON.stringify(text('step NUMBER')).replace('NUMBER', `'"$i"'`)
  const prompt = `${begin}; i=0; while :; do i=$((i+1)); echo '${one}'; sleep 0.1; done`
  await service.post({ zulip_message: 'Live', codex_prompt: prompt })
  await page.getByText('step 30', { exact: true }).waitFor()
  t.match(await page.locator('.call').innerText(), /make all\s+running/)
  const talk = page.locator('.talk')
  const isAtEnd = () => talk.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 24)
  await until('its end', isAtEnd)
  t.equal(await page.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed'), 'true')

  await talk.hover()
  await page.mouse.wheel(0, -200)
  await page.getByRole('button', { name: 'Jump to the end' }).waitFor()
  const top = await talk.evaluate((box) => box.scrollTop)
  const count = await entries(page).count()
  await until('more of it', async () => (await entries(page).count()) > count + 5)
  t.equal(await talk.evaluate((box) => box.scrollTop), top, 'what is read stays where it is')
  await page.keyboard.press('f')
  await until('its end', isAtEnd)

  service.child.kill('SIGKILL')
  await page.getByText('The connection is lost; trying again …').first().waitFor()
  const next = await restart()
  const before = await entries(page).count()
  await until('more of it', async () => (await entries(page).count()) > before + 20)
  const words = (await page.locator('.said').allInnerTexts()).map((words) => words.trim())
  t.same(
    words,
    words.map((_, index) => `step ${index + 1}`),
    'nothing is missed, and nothing told twice',
  )
  t.equal(await next.stop(), 0)
})

t.test('an error stands where it came, with what to do about it', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const { page, faults, shoot } = await open(await openBrowser(t), service.url)
  const message =
    'You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro) or try again at 8:26 PM.'
  const said = [
    ...BEGIN,
    text('I look.'),
    { type: 'error', message: 'Reconnecting... 1/5 (stream disconnected)' },
  ]
  const prompt = saying(workspace, 'said', [...said, { type: 'turn.failed', error: { message } }])
  const remedy = 'Wait until the limit is lifted.'
  await change(page, /\/runs\/[\w-]+$/, (run) => ({ ...run, remedy }))
  // Else the run that goes on with it after the limit is the newest one.
  await service.post({ zulip_message: 'Limit', codex_prompt: `${prompt}; exit 1`, on_quota: 'fail' })
  await page.getByText(/^Exited 1/).waitFor()
  // Only the details are changed, not what events say.
  await page.reload()
  await page.getByText('End of the transcript.').waitFor()
  const fault = page.locator('.fault').last()
  await fault.getByText(remedy).waitFor()
  await shoot('22-transcript-error')
  t.match(await fault.innerText(), /^\s*Usage limit\s+You’ve hit your usage limit/)
  t.same(faults, [])
})

t.test('a log that tells no transcript is shown itself', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  await service.post({ zulip_message: 'Words', codex_prompt: 'echo just words' })
  await page.getByText('just words', { exact: true }).waitFor()
  await page.getByText('End of the log.').waitFor()
  t.equal(await toTranscript(page).isVisible(), false)
  await page.keyboard.press('t')
  t.ok(await page.getByText('just words', { exact: true }).isVisible())
  t.same(faults, [])
})
