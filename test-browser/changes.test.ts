import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { AS_SOMEBODY, git, NO_GIT } from '../test/helpers/git.ts'
import { open, openBrowser, skip, startService } from './browser.ts'
import { show } from './show.ts'

const HOSTILE = '<img src=x onerror=alert(1)>'

t.test('what a run changed is told, and its diff is a click away', { skip: skip || NO_GIT }, async (t) => {
  const { service, workspace } = await startService(t)
  git(workspace, 'init', '-q')
  writeFileSync(path.join(workspace, 'kept.ts'), 'export const one = 1\nexport const two = 2\n')
  git(workspace, 'add', '.')
  git(workspace, 'commit', '-qm', 'first')
  const work = `${AS_SOMEBODY} printf 'export const one = 1\\nexport const two = "${HOSTILE}"\\n' > kept.ts
    git commit -qam second; printf '\\033[2J\\tx\\r\\n' > '${HOSTILE.replace('/', '')}'; head -c 99 /dev/zero > zeros`
  await service.post({ zulip_message: 'Change it', codex_prompt: work, wait: true })
  const watched = await open(await openBrowser(t), service.url)
  const { page, faults } = watched
  const fold = page.locator('[data-part="changes"]')
  await fold.getByText('1 commit, +2 −1').waitFor()
  const asked: string[] = []
  page.on('request', (request) => void (/diff/.test(request.url()) && asked.push(request.url())))
  await fold.locator('summary').click()
  await fold.locator('.line .fg-2', { hasText: HOSTILE }).waitFor()
  await fold.locator('.line .fg-1', { hasText: '-export const two = 2' }).waitFor()
  await fold.getByText('␛[2J').waitFor()
  await fold.getByText(/^Binary files .* differ$/).waitFor()
  t.equal(await fold.getByText('This is the beginning').count(), 0)
  t.equal(asked.length, 2, 'it is fetched when it is opened, with the script that shows it')
  await show(t, watched, '36-changes')

  const long = 'seq 1 300000 > long.txt'
  await service.post({ zulip_message: 'Change much', codex_prompt: long, wait: true })
  await fold.getByText('1 file, +300,000 −0').waitFor()
  await fold.getByText('+1', { exact: true }).waitFor()
  await fold.getByText('This is the beginning of it').waitFor()
  t.ok((await fold.locator('.line').count()) <= 1000)

  await service.post({ zulip_message: 'Change nothing', codex_prompt: 'true', wait: true })
  await fold.getByText('nothing', { exact: true }).waitFor()
  await fold.getByText('No file differs.').waitFor()
  execFileSync('find', [service.logDir, '-name', '*.diff', '-delete'])
  await page.reload()
  await fold.locator('summary').click()
  await fold.getByText('There is no diff any more').waitFor()

  rmSync(path.join(workspace, '.git'), { recursive: true })
  await service.post({ zulip_message: 'Change unseen', codex_prompt: 'true', wait: true })
  await page.getByText('Change unseen').first().waitFor()
  await fold.waitFor({ state: 'hidden' })
  t.same(faults, [])
})

t.test('the work tree of a run and its branch are among its details', { skip: skip || NO_GIT }, async (t) => {
  const { service, workspace } = await startService(t)
  git(workspace, 'init', '-q')
  writeFileSync(path.join(workspace, 'kept.ts'), 'one\n')
  git(workspace, 'add', '.')
  git(workspace, 'commit', '-qm', 'first')
  const body = { zulip_message: 'Apart', isolate: 'worktree', wait: true }
  const { page, faults } = await open(await openBrowser(t), service.url)
  await service.post({ ...body, codex_prompt: 'echo two > kept.ts' })
  const facts = page.locator('.facts')
  await facts.locator('summary').click()
  const detail = (name: string) =>
    facts.locator('dl > div', { has: page.getByText(name, { exact: true }) }).locator('dd')
  await detail('Work tree').waitFor()
  t.match(await detail('Work tree').innerText(), /looper-[0-9a-f-]{36}/)
  t.match(await detail('Branch').innerText(), /^looper\/[0-9a-f-]{36} \(kept\)$/)
  await service.post({ ...body, codex_prompt: 'true' })
  await facts.getByText(/ \(removed\)$/).waitFor()
  await service.post({ zulip_message: 'Here', codex_prompt: 'true', wait: true })
  await detail('Work tree').waitFor({ state: 'detached' })
  t.same(faults, [])
})
