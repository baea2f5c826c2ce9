import path from 'node:path'
import t from 'tap'
import { callTool, connectMcp } from '../test/helpers/mcp.ts'
import { textOf, until } from '../test/helpers/service.ts'
import { KEEPING_AGENT, TOOLS_ON } from '../test/helpers/tool-run.ts'
import { open, openBrowser, skip, startService } from './browser.ts'
import { show } from './show.ts'

const HOSTILE = `# Done\n<img src=x onerror=alert(1)>\n[x](javascript:alert(1))\n${'wide '.repeat(80)}${'x'.repeat(300)}`

t.test('what an agent left is among the details of its run, as text, and stays open', { skip }, async (t) => {
  const { service, workspace } = await startService(t, TOOLS_ON)
  await service.post({ zulip_message: 'Look into it', codex_prompt: KEEPING_AGENT })
  await until('its token', () => textOf(path.join(workspace, 'token')) !== '')
  const client = await connectMcp(t, service.url, textOf(path.join(workspace, 'token')))
  const watched = await open(await openBrowser(t), service.url)
  const { page, faults } = watched
  const details = page.locator('.facts')
  await details.locator('summary').first().click()
  await details.getByText('Workspace', { exact: true }).waitFor()
  t.equal(await details.getByText('Reports', { exact: true }).count(), 0, 'nothing is left yet')

  await callTool(client, 'flag', { note: `odd ${HOSTILE}` })
  await callTool(client, 'report', { title: 'What I found', markdown: HOSTILE })
  await details.getByText(/^odd # Done/).waitFor()
  const report = details.locator('details', { hasText: 'What I found' })
  await report.locator('summary').click()
  await report.locator('pre', { hasText: '<img src=x' }).waitFor()
  await callTool(client, 'report', { title: 'Another', markdown: 'x' })
  await details.getByText('Another', { exact: true }).waitFor()
  t.ok(await report.locator('pre').isVisible(), 'what was opened stays open')
  await show(t, watched, '42-left')

  await service.post({ zulip_message: 'Nothing left', codex_prompt: 'true', wait: true })
  await details.getByText('What I found').waitFor({ state: 'detached' })
  t.same(faults, [])
})
