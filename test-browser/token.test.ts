import { createHash } from 'node:crypto'
import path from 'node:path'
import t from 'tap'
import { open, openBrowser, skip, startService } from './browser.ts'

const TOKEN = 'the-right-token-of-this-test'

t.test(
  'the token is asked for once; a wrong one asks again; signed out, nothing is shown',
  { skip },
  async (t) => {
    const { service } = await startService(t, { LOOPER_API_TOKEN: TOKEN, LOOPER_HOST: '127.0.0.1' })
    await service.post(
      { zulip_message: 'Hello', codex_prompt: 'echo a secret plan' },
      { authorization: `Bearer ${TOKEN}` },
    )
    const { page, faults } = await open(await openBrowser(t), service.url)
    const token = page.getByLabel('Token')
    await token.waitFor()
    const signedOut = await page.locator('body').innerText()
    t.match(signedOut, /asks for a token/)
    t.notMatch(signedOut, /run|codex|secret/i)

    await token.fill('a wrong one')
    await token.press('Enter')
    await page.getByText('The service does not know this token.').waitFor()
    t.equal(await page.evaluate('localStorage.length'), 0)

    await token.fill(TOKEN)
    await token.press('Enter')
    await page.getByText('a secret plan', { exact: true }).waitFor()
    const second = await page.context().newPage()
    await second.goto(service.url)
    await second.getByText('a secret plan', { exact: true }).waitFor()

    await page.setViewportSize({ width: 360, height: 780 })
    t.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'all fits on a phone')
    await page.getByRole('tab', { name: 'State' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await token.waitFor()
    t.notMatch(await page.content(), /a secret plan/)
    t.equal(await page.evaluate('localStorage.length'), 0)
    await second.getByLabel('Token').waitFor()
    t.notMatch(await second.content(), /a secret plan/, 'signed out in one tab is signed out in all')
    await page.reload()
    await token.waitFor()
    t.notMatch(page.url() + (await page.content()), new RegExp(TOKEN))
    t.same(faults, [])
  },
)

t.test('a token that may only read sees everything, and is told what it may not', { skip }, async (t) => {
  const sha256 = createHash('sha256').update('reader').digest('hex')
  const tokens = JSON.stringify({ tokens: [{ name: 'wall', sha256, scope: 'read' }] })
  const settings = { LOOPER_TOKENS_FILE: path.join(t.testdirName, 'tokens.json'), LOOPER_HOST: '127.0.0.1' }
  const { service } = await startService(t, settings, { 'tokens.json': tokens })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await page.getByLabel('Token').fill('reader')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Nothing has run yet').waitFor()
  await page.getByText('Read only').waitFor()
  t.equal(await page.getByRole('button', { name: 'New run' }).count(), 0)
  t.same(faults, [])
})
