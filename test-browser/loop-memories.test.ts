import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { COUNTING, setUpLoops } from '../test/helpers/loop-service.ts'
import { callTool, connectMcp } from '../test/helpers/mcp.ts'
import { textOf, until } from '../test/helpers/service.ts'
import { TOOLS_ON } from '../test/helpers/tool-run.ts'
import { open, openBrowser, skip } from './browser.ts'
import { show } from './show.ts'
import { change, refuse } from './stubs.ts'

const HOSTILE = '# <img src=x onerror=alert(1)> \u202e</textarea><script>alert(2)</script>'
/** Keeps its token where the test finds it, and ends when it is told. */
const AGENT = `${COUNTING}; printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token; until [ -e go ]; do sleep 0.05; done`

t.test('memories are written, and are what agents and files make of them', { skip }, async (t) => {
  const loops = await setUpLoops(t, AGENT, TOOLS_ON)
  const { url } = loops.service()
  await loops.define('tidy', { interval_seconds: 600 })
  const watched = await open(await openBrowser(t), `${url}/loops/tidy`)
  const { page } = watched
  const memories = async () => (await loops.ask('/tidy/memory')).body.memory
  const persistent = page.getByLabel('Persistent', { exact: true })
  const working = page.getByLabel('Working', { exact: true })
  const isWritten = (what: string, text: string) =>
    until(`the page has ${what}`, async () => (await persistent.inputValue()) === text)
  const save = (name: string) => page.getByRole('button', { name: `Save the ${name} memory` }).click()

  await persistent.fill('# one')
  await page.getByText('5 of 65,536 bytes', { exact: true }).waitFor()
  await save('persistent')
  await page.getByText('Saved the persistent memory.').waitFor()
  t.match(await memories(), { persistent: { text: '# one' }, working: { text: '' } })
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await until('its token', () => textOf(loops.file('token')) !== '')
  const agent = await connectMcp(t, url, textOf(loops.file('token')))
  await callTool(agent, 'remember', { text: HOSTILE })
  await isWritten('what the agent wrote', `# one\n${HOSTILE}\n`)

  await persistent.fill('# mine')
  await callTool(agent, 'remember', { text: '# three' })
  await callTool(agent, 'note', { text: '# look here' })
  await page.getByText('Changed elsewhere meanwhile: now “# one').waitFor()
  t.equal(await persistent.inputValue(), '# mine', 'what somebody touched stays')
  await until('untouched', async () => (await working.inputValue()) === '# look here\n')
  await page.getByRole('button', { name: 'Take that' }).click()
  t.equal(await persistent.inputValue(), `# one\n${HOSTILE}\n# three\n`)

  await page.getByText(`${Buffer.byteLength(await persistent.inputValue())} of 65,536 bytes`).waitFor()
  await page.getByText('Versions', { exact: true }).first().click()
  const versions = page.locator('.memory').first().locator('li')
  await versions.nth(2).waitFor()
  t.match(await versions.allInnerTexts(), [/the agent · round 1/, /the agent · round 1/, /a person/])
  await versions.last().locator('summary').click()
  await versions.last().locator('pre').getByText('# one').waitFor()
  await show(t, watched, '63-memories')
  await versions
    .last()
    .getByRole('button', { name: /^Restore version/ })
    .click()
  await page.getByRole('button', { name: 'Leave it' }).click()
  await versions
    .last()
    .getByRole('button', { name: /^Restore version/ })
    .click()
  await page.getByRole('button', { name: 'Restore it' }).click()
  await isWritten('what it was', '# one')
  await until('its versions', async () => (await versions.count()) === 4)
  t.ok(await versions.last().locator('pre').isVisible(), 'what was opened stays so')

  writeFileSync(loops.file('go'), '')
  await page.getByText(/^Waits for the next round/).waitFor()

  writeFileSync(path.join(loops.dir, 'logs', 'loops', 'tidy', 'persistent.md'), '# by hand\n')
  await page.evaluate('dispatchEvent(new Event("focus"))')
  await isWritten('what was edited by hand', '# by hand\n')
  t.same(watched.faults, [])
})

t.test('what is wrong with a memory is said plainly, and who may write one', { skip }, async (t) => {
  const loops = await setUpLoops(t, 'say hello')
  await loops.define('tidy')
  for (let index = 0; index < 12; index += 1) await loops.ask('/tidy/memory', { working: `# ${index}` })
  const dir = path.join(loops.dir, 'logs', 'loops', 'tidy')
  mkdirSync(path.join(dir, 'persistent.md'))
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
  const { page, faults } = await open(await openBrowser(t), `${loops.service().url}/loops/tidy`, phone)
  const working = page.getByLabel('Working', { exact: true })
  await page.getByText(/^Its file: cannot use .*persistent\.md/).waitFor()
  await working.fill('é'.repeat(40_000))
  await page.getByText('80,000 of 65,536 bytes', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Save the working memory' }).click()
  await page.getByText('would have 80000 bytes').waitFor()
  t.equal((await working.inputValue()).length, 40_000, 'nothing is lost')

  writeFileSync(path.join(dir, 'working.md'), `${'x'.repeat(70_000)}end`)
  await page.reload()
  await page.getByText(/only the first 65536 are sent; shorten it\. Saving drops the rest\./).waitFor()
  await page.getByText('Versions', { exact: true }).last().click()
  const versions = page.locator('.memory').last().locator('li')
  await until('a page of them', async () => (await versions.count()) === 10)
  await page.getByRole('button', { name: 'Older versions' }).click()
  await until('all of them', async () => (await versions.count()) === 13)
  t.notOk(await page.getByRole('button', { name: 'Older versions' }).isVisible())
  t.notOk(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), 'nothing is too wide')
  await refuse(page, /\/memory\/restore$/, 404, { code: 'LOOPER_X', error: 'there is no such version' })
  await versions
    .first()
    .getByRole('button', { name: /^Restore/ })
    .click()
  await page.getByRole('button', { name: 'Restore it' }).click()
  await page.getByText('There is no such version.').waitFor()

  await change(page, /\/status$/, (status) => ({ ...status, token: { name: 'wall', scope: 'read' } }))
  await page.reload()
  await page.getByText(/only the first 65536/).waitFor()
  t.equal(await working.isDisabled(), true)
  await page.getByText('Versions', { exact: true }).last().click()
  await versions.first().waitFor()
  for (const name of [/^Restore/, /^Save the/]) t.equal(await page.getByRole('button', { name }).count(), 0)
  t.same(faults, [])
})
