import { writeFileSync } from 'node:fs'
import t from 'tap'
import { setUpLoops } from '../test/helpers/loop-service.ts'
import { until } from '../test/helpers/service.ts'
import { open, openBrowser, skip } from './browser.ts'
import { show } from './show.ts'

const HOSTILE = '<img src=x onerror=alert(1)> \u202e</pre><script>alert(2)</script>'
/** Each round goes on until it is let. */
const GATED =
  'n=$(wc -l <runs 2>/dev/null || echo 0); echo x >>runs; until [ -e go ]; do sleep 0.05; done; say "did $n"'

t.test('a loop is made, started, told a hint, paused, and stopped', { skip }, async (t) => {
  const loops = await setUpLoops(t, GATED)
  const watched = await open(await openBrowser(t), `${loops.service().url}/loops/tidy`)
  const { page, faults } = watched
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  await page.getByLabel('Task').fill('exec /bin/sh ./agent.sh')
  await page.getByLabel('Workspace').fill(loops.workspace)
  await page.getByLabel('Wait between rounds, s').fill('600')
  await page.getByLabel('Most rounds', { exact: true }).fill('lots')
  await press('Save')
  await page.locator('[data-part="config-problem"]').getByText('max_iterations').waitFor()
  await page.getByLabel('Most rounds', { exact: true }).fill('7')
  await press('Save')
  await page.getByText('Not started yet', { exact: true }).waitFor()
  await press('Start')
  await page.getByText('Round 1 runs', { exact: true }).waitFor()
  await page.getByLabel('Hint for the next round').fill(HOSTILE)
  await press('Hint')
  await until('it is told the hint', async () => (await loops.look('tidy')).hint === HOSTILE)
  await press('Pause')
  await page.getByText('Round 1 runs, then it pauses', { exact: true }).waitFor()
  await press('Resume')
  await page.getByText('Round 1 runs', { exact: true }).waitFor()
  writeFileSync(loops.file('go'), '')
  await page.getByText(/^Waits for the next round, in/).waitFor()
  await page.getByText('1 of 7', { exact: true }).waitFor()
  await press('Skip the wait')
  const second = page.locator('.strip button').first()
  await second.getByText('2', { exact: true }).waitFor()
  await second.click()
  await page.locator('.round').getByText(HOSTILE).first().waitFor()
  t.match(await page.locator('.round a').getAttribute('href'), /\/#\/runs\//)
  await page.getByText(/^Waits for the next round, in/).waitFor()
  await show(t, watched, '60-loop')
  await press('Stop')
  await page.getByRole('button', { name: 'Stop it' }).click()
  await page.getByText('Ended: stopped', { exact: true }).waitFor()
  t.same(faults, [])
})

t.test('what somebody writes is never overwritten, and told of', { skip }, async (t) => {
  const loops = await setUpLoops(t, 'say hello')
  await loops.define('tidy', { model: 'one' })
  const { page, faults } = await open(await openBrowser(t), `${loops.service().url}/loops/tidy`)
  const model = page.getByLabel('Model')
  await until('it is filled in', async () => (await model.inputValue()) === 'one')
  await model.fill('mine')
  await loops.define('tidy', { model: HOSTILE, completion_word: 'DONE' })
  await page.getByText('Changed elsewhere meanwhile: now “<img').waitFor()
  t.equal(await model.inputValue(), 'mine')
  t.equal(await page.getByLabel('Completion word').inputValue(), 'DONE', 'what nobody touched is taken')
  await page.getByRole('button', { name: 'Take that' }).click()
  t.equal(await model.inputValue(), HOSTILE)
  t.same(faults, [])
})
