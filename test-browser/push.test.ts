import path from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { callTool, connectMcp } from '../test/helpers/mcp.ts'
import { type PushService, startPushService } from '../test/helpers/push-service.ts'
import { textOf, until } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService } from './browser.ts'
import { show } from './show.ts'

const AGENT = 'printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token; exec sleep 300'

/**
 * A page whose service pushes. The push services of browsers cannot be reached here: a subscription is one of the push service of
 * the test, and what that takes is handed to the worker of the page by the browser's own tools.
 */
async function setUp(t: Test, settings: NodeJS.ProcessEnv = {}, token: string | null = null) {
  const push = await startPushService(t)
  const on = {
    LOOPER_PUSH_CONTACT: 'mailto:owner@example.com',
    LOOPER_PUSH_SERVICES: push.origin,
    ...settings,
  }
  const { service, workspace } = await startService(t, on)
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  const context = page.context()
  await context.grantPermissions(['notifications'], { origin: service.url })
  await page.exposeFunction('subscribeHere', (key: string) => push.subscribe(key))
  await page.addInitScript(`
    let known = null
    PushManager.prototype.getSubscription = async () => known
    PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => {
      if (known) return known
      const given = await subscribeHere(key)
      const bytes = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
      known = { toJSON: () => given, options: { applicationServerKey: bytes.buffer }, unsubscribe: async () => { known = null } }
      return known
    }`)
  await page.reload()
  if (token !== null) {
    await page.getByLabel('Token').fill(token)
    await page.getByLabel('Token').press('Enter')
  }
  await page.getByText('live', { exact: true }).first().waitFor()
  return { push, service, workspace, watched, page, context }
}

/**
 * Hands on what the push service took, and resolves when the worker of the page is done with all of it. Who asks before that what is
 * shown may make Chromium forget it: between keeping a notification and showing it, it takes it for one that was closed.
 */
async function deliver(context: BrowserContext, page: Page, { delivered }: PushService) {
  const client = await context.newCDPSession(page)
  const registered = new Promise<string>((resolve) => {
    client.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId } of registrations) resolve(registrationId)
    })
  })
  await client.send('ServiceWorker.enable')
  const registrationId = await registered
  const service = 'pushMessaging'
  // Else it would tell of those before, too.
  await client.send('BackgroundService.clearEvents', { service })
  await client.send('BackgroundService.setRecording', { service, shouldRecord: true })
  await client.send('BackgroundService.startObserving', { service })
  const { origin } = new URL(page.url())
  for (const { text } of delivered.splice(0)) {
    const done = new Promise<void>((resolve) => {
      client.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent }) => {
        if (backgroundServiceEvent.eventName === 'Push event completed') resolve()
      })
    })
    await client.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: text })
    await done
  }
  await client.detach()
}

const shownOn = (page: Page): Promise<{ title: string; body: string; tag: string }[]> =>
  page.evaluate(`navigator.serviceWorker.getRegistration('dashboard/')
    .then((one) => one.getNotifications())
    .then((all) => all.map(({ title, body, tag }) => ({ title, body, tag })))`)

const devices = async (url: string): Promise<{ wants: string[]; name: string }[]> =>
  JSON.parse(await (await fetch(`${url}/push/devices`)).text()).devices

t.test(
  'a device is told what it chose, and an answer chosen there is given on the page',
  { skip },
  async (t) => {
    const { push, service, workspace, watched, page, context } = await setUp(t, { LOOPER_AGENT_TOOLS: '1' })
    const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    t.notMatch(files.join(' '), /push-panel\.js/, 'it is loaded when it is opened')
    await page.getByRole('button', { name: 'Notify this device' }).click()
    const dialog = page.getByRole('dialog', { name: 'Notify this device' })
    t.ok(await dialog.getByLabel('Questions of agents').isChecked())
    t.notOk(await dialog.getByLabel('Usage limits').isChecked())
    await show(t, watched, '36-push-off')
    await dialog.getByLabel('Ends of runs').uncheck()
    await dialog.getByRole('button', { name: 'Notify me' }).click()
    await dialog.getByText('This device is told from now on.').waitFor()
    t.match(await devices(service.url), [{ wants: ['asks'], name: /^Chrome on / }])
    await show(t, watched, '37-push-on')

    await dialog.getByRole('button', { name: 'Send a test' }).click()
    await dialog.getByText('Sent. It should be shown in a moment.').waitFor()
    await deliver(context, page, push)
    t.match(await shownOn(page), [{ title: 'Looper', body: 'This device is told.', tag: 'test' }])
    await dialog.getByRole('button', { name: 'Close' }).click()

    await service.post({ zulip_message: 'Nightly', codex_prompt: AGENT })
    const token = path.join(workspace, 'token')
    await until('its token', () => textOf(token) !== '')
    const agent = await connectMcp(t, service.url, textOf(token))
    const asked = callTool(agent, 'ask', { question: 'Deploy now?', choices: ['yes', 'no'] })
    await until('it is pushed', () => push.delivered.length === 1)
    const { tag, to } = JSON.parse(String(push.delivered[0]?.text))
    await deliver(context, page, push)
    const ofAsk = async () => (await shownOn(page)).filter((one) => one.tag === tag)
    t.match(await ofAsk(), [{ title: 'Nightly asks', body: 'Deploy now? (yes / no)' }])

    // What a tap on the second button does: only a real one may also bring the window to the front.
    const [worker] = context.serviceWorkers()
    await worker?.evaluate(`open('${to}/1').catch(() => undefined)`)
    const button = page.getByRole('region', { name: 'Questions' }).getByRole('button', { name: 'no' })
    await until('it is chosen', async () => button.evaluate((one) => one === document.activeElement))
    t.match(await button.getAttribute('class'), 'picked')
    await show(t, watched, '38-push-chosen')
    const answers = await (await fetch(`${service.url}/asks`)).text()
    t.match(JSON.parse(answers), { asks: [{ state: 'open' }] }, 'a tap on a notification answers nothing')
    await button.click()
    t.match(JSON.parse(await asked), { state: 'answered', answer: 'no' })
    await until('that is pushed', () => push.delivered.length === 1)
    await deliver(context, page, push)
    t.match(await ofAsk(), [{ body: /^Answered/ }], 'it takes the place of the question')
    t.equal((await ofAsk()).length, 1)
    t.same(push.faults, [])
  },
)

t.test('a device is changed, tested in vain, and told no more; others are removed', { skip }, async (t) => {
  const { push, service, watched, page } = await setUp(t)
  await fetch(`${service.url}/push/devices`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...push.subscribe('another key'), wants: [], name: 'An old phone' }),
  })
  await page.getByRole('button', { name: 'Notify this device' }).click()
  const dialog = page.getByRole('dialog', { name: 'Notify this device' })
  await dialog.getByText('An old phone').waitFor()
  await page.evaluate(`{
    const { subscribe } = PushManager.prototype
    PushManager.prototype.subscribe = async () => {
      PushManager.prototype.subscribe = subscribe
      throw new DOMException('Registration failed - permission denied', 'NotAllowedError')
    }
  }`)
  await dialog.getByRole('button', { name: 'Notify me' }).click()
  await dialog.getByRole('alert').getByText('permission denied. It cannot in a private window').waitFor()
  await dialog.getByRole('button', { name: 'Notify me' }).click()
  await dialog.getByText('This device is told from now on.').waitFor()
  await dialog.getByLabel('Usage limits').check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await until('it is known', async () => (await devices(service.url))[1]?.wants.join() === 'asks,ends,holds')
  await dialog.getByRole('button', { name: 'Remove An old phone' }).click()
  await dialog.getByText('An old phone').waitFor({ state: 'detached' })
  push.answer = () => ({ status: 500, body: 'tired' })
  await dialog.getByRole('button', { name: 'Send a test' }).click()
  await dialog.getByRole('alert').getByText('The push service answered 500 tired').waitFor()
  await dialog.getByRole('button', { name: 'Stop notifying' }).click()
  await dialog.getByRole('button', { name: 'Notify me' }).waitFor()
  t.same(await devices(service.url), [])
  t.same(watched.faults, [])
})

t.test('who signs out is told nothing more', { skip }, async (t) => {
  const settings = { LOOPER_API_TOKEN: 'the right one', LOOPER_HOST: '127.0.0.1' }
  const { service, page } = await setUp(t, settings, 'the right one')
  const known = async () => {
    const headers = { authorization: 'Bearer the right one' }
    return JSON.parse(await (await fetch(`${service.url}/push/devices`, { headers })).text()).devices
  }
  await page.getByRole('button', { name: 'Notify this device' }).click()
  await page.getByRole('button', { name: 'Notify me' }).click()
  await page.getByText('This device is told from now on.').waitFor()
  t.match(await known(), [{ owner: 'LOOPER_API_TOKEN' }])
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Token').waitFor()
  await until('it is removed', async () => (await known()).length === 0)
})

t.test('where the service does not push, nothing of it is there', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page } = await open(await openBrowser(t), service.url)
  await page.getByText('live', { exact: true }).first().waitFor()
  t.equal(await page.getByRole('button', { name: 'Notify this device' }).count(), 0)
  t.ok(await page.getByRole('button', { name: 'Notify me' }).isVisible())
  const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
  t.notMatch(files.join(' '), /push/)
})
