import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService, verdict } from './browser.ts'

t.test('everything can be done by keyboard', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults } = await open(await openBrowser(t), service.url)
  const { keyboard } = page
  await page.getByText('Nothing has run yet').waitFor()
  const focused = () =>
    page.evaluate('document.activeElement?.textContent?.trim() || document.activeElement?.name')

  await keyboard.press('?')
  await page.getByRole('heading', { name: 'Keys' }).waitFor()
  await keyboard.press('Escape')
  await keyboard.press('n')
  await page.getByLabel('Message', { exact: true }).waitFor()
  t.equal(await focused(), 'message')
  await keyboard.type('By keyboard')
  await keyboard.press('Tab')
  await keyboard.type('echo a needle; echo some hay; echo another needle; sleep 300')
  for (const name of ['stop-only', 'workspace', 'model', 'More options', 'Cancel', 'Preview', 'Start']) {
    await keyboard.press('Tab')
    t.equal(await focused(), name)
  }
  await keyboard.press('Enter')
  await page.getByText('another needle', { exact: true }).waitFor()

  await keyboard.press('/')
  // Where keys come slowly, their beginnings are searched for, too.
  const searched = page.waitForResponse((answer) => new URL(answer.url()).searchParams.get('q') === 'needle')
  await keyboard.type('needle')
  await searched
  const count = page.locator('.count')
  await until('all that was found', async () => /^\d+$/.test(await count.innerText()))
  const total = Number(await count.innerText())
  t.ok(total >= 2)
  await keyboard.press('Enter')
  t.equal(await count.innerText(), `1 of ${total}`)
  await keyboard.press('Shift+Enter')
  t.equal(await count.innerText(), `${total} of ${total}`)
  await keyboard.press('Escape')
  t.equal(await count.innerText(), '')
  await keyboard.press('Escape')

  await keyboard.press('t')
  t.equal(await page.locator('.log').getAttribute('data-view'), 'log', 'there is no transcript')

  const pressed = (name: string) => page.getByRole('button', { name }).getAttribute('aria-pressed')
  const isFollowing = await pressed('Follow')
  await keyboard.press('f')
  t.not(await pressed('Follow'), isFollowing)
  await keyboard.press('w')
  t.equal(await pressed('Wrap'), 'false')

  await keyboard.press('s')
  await page.getByText('Stop this run?').waitFor()
  t.equal(await focused(), 'Keep it running', 'what does no harm comes first')
  await keyboard.press('Tab')
  t.equal(await focused(), 'Stop it')
  await keyboard.press('Enter')
  await page.getByText(/^Stopped “By keyboard”: pid/).waitFor()
  await page.getByText(/^Stopped after/).waitFor()

  await service.post({ zulip_message: 'Another', codex_prompt: 'exit 4' })
  await page.getByText(/^Exited 4 after/).waitFor()
  await keyboard.press('j')
  await page.getByText(/^Stopped after/).waitFor()
  await keyboard.press('k')
  await page.getByText(/^Exited 4 after/).waitFor()
  await keyboard.press('j')
  await page.getByText(/^Stopped after/).waitFor()
  await keyboard.press('Escape')
  await page.getByText(/^Exited 4 after/).waitFor()
  t.match(await verdict(page).innerText(), /^Exited 4/)
  t.same(faults, [])
})
