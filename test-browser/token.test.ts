import { createHash } from 'node:crypto'
import path from 'node:path'
import t from 'tap'
import { open, openBrowser, skip, startService, title } from './browser.ts'

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

t.test(
  'a token that may only read sees everything, and no button that it may not use',
  { skip },
  async (t) => {
    const hash = (token: string) => createHash('sha256').update(token).digest('hex')
    const tokens = JSON.stringify({
      tokens: [
        { name: 'wall', sha256: hash('reader'), scope: 'read' },
        { name: 'owner', sha256: hash('runner'), scope: 'run' },
      ],
    })
    const settings = { LOOPER_TOKENS_FILE: path.join(t.testdirName, 'tokens.json'), LOOPER_HOST: '127.0.0.1' }
    const { service } = await startService(t, settings, { 'tokens.json': tokens })
    const authorization = 'Bearer runner'
    const { body } = await service.post(
      { zulip_message: 'To be read', codex_prompt: 'echo begun; sleep 300' },
      { authorization },
    )
    const browser = await openBrowser(t)
    const { page, faults } = await open(browser, service.url)
    const posted: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST') posted.push(request.url())
    })
    const signIn = async (token: string) => {
      await page.getByLabel('Token').fill(token)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('begun', { exact: true }).waitFor()
    }
    const ACTS = ['New run', 'Run again', 'Stop', 'Launch now']
    const act = (name: string) => page.getByRole('button', { name, exact: true })

    await signIn('reader')
    await page.getByText('Read only', { exact: true }).waitFor()
    t.equal(await title(page).innerText(), 'To be read')
    await page.locator('.runs li', { hasText: 'running' }).waitFor()
    for (const name of ACTS) t.equal(await act(name).count(), 0, `no ${name}`)
    for (const key of ['n', 's']) await page.keyboard.press(key)
    t.equal(await page.locator('dialog[open]').count(), 0, 'no key does it either')
    await page.getByRole('button', { name: 'Copy', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Keys' }).click()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    t.same(posted, [], 'nothing was asked for that it may not')
    for (const [address, wanted] of [
      ['run', { zulip_message: 'Not allowed', codex_prompt: 'true' }],
      [`runs/${body.run_id}/stop`, {}],
      ['autopoll/pause', {}],
    ] as const) {
      const response = await fetch(`${service.url}/${address}`, {
        method: 'POST',
        headers: { authorization: 'Bearer reader', 'content-type': 'application/json' },
        body: JSON.stringify(wanted),
      })
      t.equal(response.status, 403, `the service refuses ${address}, whatever is shown`)
    }

    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn('runner')
    for (const name of ACTS.slice(0, 3)) await act(name).waitFor()
    t.equal(await page.getByText('Read only', { exact: true }).count(), 1)
    t.notOk(await page.getByText('Read only', { exact: true }).isVisible())
    t.same(faults, [])
  },
)
