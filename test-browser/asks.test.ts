import path from 'node:path'
import t from 'tap'
import { callTool, connectMcp } from '../test/helpers/mcp.ts'
import { textOf, until } from '../test/helpers/service.ts'
import { KEEPING_AGENT } from '../test/helpers/tool-run.ts'
import { open, openBrowser, skip, startService } from './browser.ts'
import { show } from './show.ts'
import { change, refuse, STATUS } from './stubs.ts'

const HOSTILE = `<img src=x onerror=alert(1)> \u202e${'long '.repeat(80)}`
const ASKS = /\/asks\?/
const ask = (ask_id: string, more: object) => ({
  ask_id,
  run_id: 'a',
  question: 'Deploy now?',
  choices: [],
  default: null,
  reference: null,
  digest: 'd',
  state: 'open',
  asked_at: new Date().toISOString(),
  deadline: null,
  answer: null,
  answered_by: null,
  settled_at: null,
  ...more,
})

t.test('an agent asks, a person answers on the page, and the agent goes on', { skip }, async (t) => {
  const { service, workspace } = await startService(t, { LOOPER_AGENT_TOOLS: '1' })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await page.getByText('live', { exact: true }).first().waitFor()
  const inbox = page.getByRole('region', { name: 'Questions' })
  t.equal(await inbox.count(), 0)
  const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
  t.notMatch(files.join(' '), /asks\.js/, 'nothing of it is loaded until then')

  await service.post({ zulip_message: 'Asks', codex_prompt: KEEPING_AGENT })
  const token = path.join(workspace, 'token')
  await until('its token', () => textOf(token) !== '')
  const agent = await connectMcp(t, service.url, textOf(token))
  const chosen = callTool(agent, 'ask', { question: 'Deploy now?', choices: ['yes', 'no'] })
  const button = inbox.getByRole('button', { name: 'yes' })
  await button.focus()
  await page.keyboard.press('Enter')
  t.match(JSON.parse(await chosen), { state: 'answered', answer: 'yes' })
  await page.getByText('Answered: yes').waitFor()
  await inbox.waitFor({ state: 'hidden' })

  const written = callTool(agent, 'ask', { question: 'Which port?', reference: 'CHANGELOG.md' })
  const text = inbox.getByLabel('Answer', { exact: true })
  await text.fill('80')
  const second = callTool(agent, 'ask', { question: 'And the host?' })
  await inbox.getByText('And the host?').waitFor()
  t.equal(await text.first().inputValue(), '80', 'what is being written stays')
  await inbox.getByRole('link', { name: 'Its run' }).first().click()
  await page.waitForURL(/#\/runs\//)
  await inbox.getByRole('button', { name: 'Answer' }).first().click()
  t.match(JSON.parse(await written), { state: 'answered', answer: '80' })
  await inbox.getByText('Which port?').waitFor({ state: 'detached' })
  await inbox.getByRole('button', { name: 'Answer' }).click()
  t.ok(await inbox.isVisible(), 'nothing is no answer')
  await text.fill('localhost')
  await inbox.getByRole('button', { name: 'Answer' }).click()
  t.match(JSON.parse(await second), { answer: 'localhost' })
  t.same(faults, [])
})

t.test('questions of any kind, and a refusal', { skip }, async (t) => {
  const { service } = await startService(t)
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  const deadline = new Date(Date.now() + 3_600_000).toISOString()
  let asks = [
    ask('1', { choices: ['Deploy it now', 'Wait until Monday'], deadline, default: 'Wait until Monday' }),
    ask('2', { question: 'Which port should the\nnew service listen on?', reference: 'docs/ports.md' }),
    ask('3', { question: HOSTILE, choices: [HOSTILE, 'no'] }),
  ].reverse()
  await change(page, STATUS, (status) => ({ ...status, asks: { open: asks.length } }))
  await page.route(ASKS, (route) => route.fulfill({ json: { asks } }))
  await refuse(page, /\/answer$/, 409, { code: 'LOOPER_ASK_SETTLED', error: 'somebody was faster' })
  await page.reload()
  const inbox = page.getByRole('region', { name: 'Questions' })
  await inbox.getByText('Deploy now?').waitFor()
  const questions = await inbox.locator('.question').allInnerTexts()
  t.match(questions, ['Deploy now?', /^Which port/, /^<img src=x/], 'the oldest first, as text')
  t.match(await inbox.locator('small').first().innerText(), /^Its run · until .*, then “Wait until Monday”$/)
  t.match(await inbox.locator('small').nth(1).innerText(), /about docs\/ports\.md$/)
  await show(t, watched, '34-asks')
  await inbox.getByRole('button', { name: 'Deploy it now' }).click()
  await page.getByText('Somebody was faster').waitFor()
  asks = []
  await inbox.waitFor({ state: 'hidden' })
})

t.test('who may answer', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page } = await open(await openBrowser(t), service.url)
  await page.route(ASKS, (route) => route.fulfill({ json: { asks: [ask('1', { choices: ['yes'] })] } }))
  const inbox = page.getByRole('region', { name: 'Questions' })
  for (const [scope, isThere] of [
    ['read', false],
    ['answer', true],
    ['run', true],
  ] as const) {
    await change(page, STATUS, (status) => ({ ...status, token: { name: 'x', scope }, asks: { open: 1 } }))
    await page.reload()
    await inbox.getByText('Deploy now?').waitFor()
    t.equal(await inbox.getByRole('button', { name: 'yes' }).isVisible(), isThere, scope)
    t.equal(await page.getByRole('button', { name: 'New run' }).isVisible(), scope === 'run', scope)
    await page.unroute(STATUS)
  }
})
