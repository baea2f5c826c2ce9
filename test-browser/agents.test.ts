import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { PROJECT } from '../test/helpers/service.ts'
import { open, openBrowser, skip, startService } from './browser.ts'
import { BEGIN, END, saying, text } from './said.ts'
import { change, PLAN, refuse, STATUS } from './stubs.ts'

const AGENTS = /\/agents$/
const can = { resume: true, system_prompt: true, model: true }
const STANDARD = {
  name: 'codex',
  default: true,
  program: '/usr/bin/codex',
  version: '1.0.0',
  logged_in: true,
  model: 'small',
  models: ['small', 'large'],
  can,
  problem: null,
}
const OTHER = { ...STANDARD, name: 'other', default: false, logged_in: false, model: null, models: ['one'] }

t.test('the form offers the agents that are there, and what each can', { skip }, async (t) => {
  const { service } = await startService(t)
  const { page, faults, shoot } = await open(await openBrowser(t), service.url)
  await change(page, AGENTS, () => ({ agents: [STANDARD, { ...OTHER, program: null }] }))
  await page.reload()
  await page.getByRole('button', { name: 'New run' }).click()
  const agent = page.getByLabel('Agent', { exact: true })
  const model = page.getByLabel('Model', { exact: true })
  await page.locator('#models option[value=large]').waitFor({ state: 'attached' })
  t.equal(await agent.isVisible(), false, 'there is only one')
  t.equal(await model.getAttribute('placeholder'), 'small')
  await page.getByRole('button', { name: 'Cancel' }).click()

  const mute = {
    ...OTHER,
    name: 'mute',
    logged_in: null,
    can: { resume: false, system_prompt: false, model: false },
  }
  // The page may be asking at this moment.
  await page.unrouteAll({ behavior: 'wait' })
  await change(page, AGENTS, () => ({ agents: [STANDARD, OTHER, mute] }))
  await page.reload()
  await page.getByRole('button', { name: 'New run' }).click()
  await agent.waitFor()
  t.same(await agent.locator('option').allInnerTexts(), ['codex – default', 'other (not logged in)', 'mute'])
  await page.getByText('More options').click()
  await agent.selectOption('mute')
  t.equal(await model.isVisible(), false)
  t.equal(await page.getByLabel('System prompt').isVisible(), false)
  await agent.selectOption('other')
  await page.getByLabel('Message', { exact: true }).fill('Hello')
  await page.getByLabel('Prompt', { exact: true }).fill('true')
  await model.fill('one')
  await page.getByLabel('System prompt').fill('Be careful.')
  await shoot('23-form-agents')
  const asked: Record<string, unknown>[] = []
  await page.route(PLAN, (route) => {
    const body = route.request().postDataJSON()
    if (body.plan === true) return route.continue()
    asked.push(body)
    return route.fulfill({
      status: 400,
      json: {
        ok: false,
        code: 'LOOPER_AGENT_UNKNOWN',
        error: 'there is no agent "other"',
        remedy: 'Name another.',
      },
    })
  })
  await page.locator('[data-part="start"]').click()
  await page.locator('#agent-problem').getByText('There is no agent "other".').waitFor()
  t.equal(await page.evaluate('document.activeElement?.name'), 'agent')
  t.match(asked, [{ agent: 'other', model: 'one', system_prompt: 'Be careful.', resume: undefined }])
  t.same(faults, [])
})

t.test('a run is continued in its session', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const { page, faults, shoot } = await open(await openBrowser(t), service.url)
  await change(page, AGENTS, () => ({ agents: [STANDARD] }))
  await page.reload()
  const prompt = saying(workspace, 'said', [...BEGIN, text('Half of it is done.'), END])
  const { body } = await service.post({ zulip_message: 'Half', codex_prompt: prompt })
  await page.getByText('Half of it is done.', { exact: true }).waitFor()
  await page.route(PLAN, (route) => {
    const error = `cannot resume run ${body.run_id}: its session is gone`
    if (!route.request().postDataJSON().resume) return route.continue()
    return route.fulfill({
      status: 409,
      json: { ok: false, code: 'LOOPER_RESUME_REFUSED', error, remedy: null },
    })
  })
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  // The form comes with its first use.
  await page.locator('.continues', { hasText: 'Continues' }).waitFor()
  t.match(await page.locator('.continues').innerText(), /^Continues Half in its session with codex\.$/)
  t.equal(await page.getByLabel('Prompt', { exact: true }).inputValue(), '')
  t.equal(await page.evaluate('document.activeElement?.name'), 'prompt')
  await page.locator('#resume-problem').waitFor()
  t.match(await page.locator('#resume-problem').innerText(), /cannot resume run/i, 'its session is gone')
  await shoot('24-form-continue')
  const asked: Record<string, unknown>[] = []
  await page.unroute(PLAN)
  await page.route(PLAN, (route) => {
    asked.push(route.request().postDataJSON())
    return route.fulfill({ json: { ok: true, run_id: null, plan: null } })
  })
  await page.getByLabel('Prompt', { exact: true }).fill('Go on.')
  await page.locator('[data-part="start"]').click()
  await page.getByText('Sent “Half”').waitFor()
  // It also asks what would happen, whenever something in the form changes.
  const [sent] = asked.filter(({ plan }) => plan !== true)
  t.match(sent, { resume: body.run_id, codex_prompt: 'Go on.', agent: undefined })
  await page.unroute(PLAN)
  await page.getByRole('button', { name: 'Run again' }).click()
  t.equal(await page.locator('.continues').isVisible(), false)
  await page.getByRole('button', { name: 'Cancel' }).click()

  t.match(await page.locator('.spent').innerText(), /^5\.8k tokens$/)
  await page.getByText('Details', { exact: true }).click()
  await page.locator('.facts dl').getByText('Session', { exact: true }).waitFor()
  const facts = await page.locator('.facts dl').innerText()
  t.match(facts, /Session\s+00000000-0000-7000-8000-000000000001/)
  t.match(facts, /Usage\s+4,680 input, 20,000 cached, 1,120 output/)
  t.match(facts, /Turns\s+1/)

  await page.unroute(AGENTS)
  await refuse(page, AGENTS, 404, { code: 'LOOPER_NOT_FOUND', error: 'there is no such page' })
  await page.reload()
  await page.getByRole('button', { name: 'Run again' }).waitFor()
  t.equal(await page.getByRole('button', { name: 'Continue', exact: true }).isVisible(), false)
  await page.unroute(AGENTS)
  await change(page, STATUS, (status) => ({ ...status, token: { name: 'wall', scope: 'read' } }))
  await page.reload()
  await page.getByText('Read only').waitFor()
  for (const name of ['Continue', 'Run again', 'New run'])
    t.equal(await page.getByRole('button', { name, exact: true }).isVisible(), false)
  t.same(faults, [])
})

t.test('the list tells who did it and what it took', { skip }, async (t) => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const program = path.join(dir, 'other')
  writeFileSync(program, `#!/bin/sh\ncat ${PROJECT}/test/fixtures/streams/claude-answer.jsonl\n`)
  chmodSync(program, 0o755)
  const { service } = await startService(t, { LOOPER_CLAUDE_BINARY: program })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await service.post({
    zulip_message: 'Other',
    codex_prompt: 'hello',
    agent: 'claude',
    model: 'sonnet',
  })
  await page.locator('.spent', { hasText: /^claude · .*\$/ }).waitFor()
  t.match(await page.locator('.spent').innerText(), /^claude · sonnet · [\d.k]+ tokens · \$[\d.]+$/)
  t.same(faults, [])
})
