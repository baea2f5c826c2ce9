import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { endOf, runsOf, stopSurely } from '../test/helpers/fault-service.ts'
import { startTestService, until } from '../test/helpers/service.ts'
import { open, openBrowser, skip } from '../test-browser/browser.ts'
import { AGENTS, type RealAgentName, startLoopbackAgents } from './loopback-agents.ts'

/** On a busy machine the slowest of them takes half a minute to its first answer. */
const LIMIT_MS = 120_000

/** A service whose real agents may ask, and its page in a real browser. */
async function setUp(t: Test) {
  const agents = await startLoopbackAgents(t)
  const settings = { ...agents.settings, LOOPER_AGENT_TOOLS: '1' }
  const service = await startTestService(path.join(agents.dir, 'logs'), settings)
  t.teardown(() => stopSurely(service))
  const { page, faults } = await open(await openBrowser(t), service.url)
  page.setDefaultTimeout(LIMIT_MS)
  const begin = async (agent: RealAgentName, question: object) => {
    const codex_prompt = `CALL: ask ${JSON.stringify(question)}`
    const where = { agent, workspace: path.join(agents.dir, agent) }
    const { body } = await service.post({ zulip_message: 'Asks', codex_prompt, ...where })
    return String(body.run_id)
  }
  return { ...agents, service, page, faults, begin }
}

/** Answers on the page, as a person does, in words that nobody could guess. */
async function answerOn(page: Page, question: string): Promise<string> {
  const word = randomBytes(8).toString('hex')
  const card = page.getByRole('region', { name: 'Questions' }).getByRole('article', { name: question })
  await card.getByLabel('Answer', { exact: true }).fill(word)
  await card.getByRole('button', { name: 'Answer' }).click()
  return word
}

t.test('each real agent asks, is answered on the page, and goes on with the answer', { skip }, async (t) => {
  const { service, page, faults, begin, asked } = await setUp(t)
  for (const agent of AGENTS) {
    await t.test(agent, async (t) => {
      const question = `Which way, ${agent}?`
      const runId = await begin(agent, { question })
      const word = await answerOn(page, question)
      t.match(await endOf(service, runId, LIMIT_MS), { outcome: 'exited', return_code: 0 })
      t.match(asked(agent).at(-1), word, 'its model is asked with the answer')
      t.equal(asked(agent).filter((text) => text.includes(word)).length, 1, 'in the very next request')
    })
  }
  t.same(faults, [])
})

t.test('each real agent is parked, and goes on in its session with the answer, once', { skip }, async (t) => {
  const { service, page, faults, begin, asked } = await setUp(t)
  for (const agent of AGENTS) {
    await t.test(agent, async (t) => {
      const question = `When, ${agent}?`
      const runId = await begin(agent, { question, park: true })
      const parked = await endOf(service, runId, LIMIT_MS)
      t.match(parked, { outcome: 'parked', failed: false, session_id: String })
      const before = asked(agent).length
      const word = await answerOn(page, question)
      const goesOn = async () =>
        (await runsOf(service)).filter((run) => run.agent === agent && run.run_id !== runId)
      await until('it goes on', async () => (await goesOn())[0]?.outcome != null, LIMIT_MS)
      t.match(await goesOn(), [{ outcome: 'exited', return_code: 0, session_id: parked.session_id }])
      const since = asked(agent).slice(before)
      const resumed = since.filter((text) => text.includes(word) && text.includes('CALL: ask'))
      t.equal(resumed.length, 1, 'with all that was said')
      t.match(resumed[0], 'This run ends now', 'it has read what its call became')
    })
  }
  t.same(faults, [])
})
