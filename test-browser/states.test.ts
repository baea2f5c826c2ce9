import type { Page } from 'playwright-core'
import t from 'tap'
import { lines, open, openBrowser, skip, startService, verdict } from './browser.ts'
import { BEGIN, call, END, result, saying, text } from './said.ts'
import { show } from './show.ts'
import { change, manyRuns, PLAN, RUNS, refuse, STATUS } from './stubs.ts'

const OUTPUT = `
printf '\\033[1mOpenAI Codex\\033[0m\\n--------\\n\\033[1mworkdir:\\033[0m %s\\n--------\\n' "$PWD"
for i in $(seq 1 60); do
  printf '\\033[2m2026-01-02T03:04:%02dZ\\033[0m \\033[36mexec\\033[0m cargo test -p kernel --lib boolean::union\\n' "$i"
  printf '\\033[31merror[E%04d]\\033[0m: mismatched types in \\033[4msrc/kernel/boolean.rs:%d:7\\033[0m\\n' "$i" "$i"
  printf '\\033[30;42m PASS \\033[0m \\033[37;41m FAIL \\033[0m \\033[30;43m WARN \\033[0m \\033[97;44m INFO \\033[0m\\n'
done`
const FINDINGS = [
  {
    check: 'workspace',
    problem: 'LOOPER_WORKSPACE is not set, so a run must name its workspace.',
    remedy: 'Set LOOPER_WORKSPACE to the directory of your project.',
  },
  {
    check: 'zulip',
    problem: 'The zuliprc file ~/zuliprc can be read by everybody.',
    remedy: 'Run chmod 600 ~/zuliprc.',
  },
]

const newRun = (page: Page) => page.getByRole('button', { name: 'New run' })
const cancel = (page: Page) => page.getByRole('button', { name: 'Cancel' })

t.test('before the first run', { skip }, async (t) => {
  const { service } = await startService(t)
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  await page.getByText('Nothing has run yet').waitFor()
  await show(t, watched, '01-empty')
  await newRun(page).click()
  await show(t, watched, '06-form-empty')
  await page.getByLabel('Workspace').fill('/there/is/no/such/place')
  await page.locator('[data-part="start"]').click()
  await page.locator('#message-problem').waitFor()
  await page.getByLabel('Message', { exact: true }).fill('Make the kernel exact')
  await page.getByLabel('Prompt', { exact: true }).fill('true')
  await page.locator('[data-part="start"]').click()
  await page.locator('#workspace-problem').waitFor()
  await show(t, watched, '08-form-error')
  await page.getByLabel('Workspace').fill('')
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.locator('.plan h3').waitFor()
  await show(t, watched, '09-preview')
  await cancel(page).click()

  await change(page, STATUS, (status) => ({ ...status, findings: FINDINGS }))
  await page.reload()
  await page.getByText('2 problems with the settings').first().waitFor()
  await show(t, watched, '02-empty-findings')
})

t.test('runs, as they live and end', { skip }, async (t) => {
  const { service } = await startService(t)
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  await service.post({ zulip_message: 'Update the dependencies', codex_prompt: OUTPUT })
  await verdict(page)
    .getByText(/^Exited 0/)
    .waitFor()
  await page.getByText('End of the log.').waitFor()
  t.equal(
    await page
      .getByText(/SKIPPED|last one failed/)
      .filter({ visible: true })
      .count(),
    0,
  )
  await show(t, watched, '04-ended-well')

  await change(page, /\/runs\/[\w-]+$/, (run) => ({
    ...run,
    ...(run.return_code === 1 && {
      cause: 'The agent could not reach the model: 401 Unauthorized.',
      remedy: 'Sign in again on the machine with “codex login”.',
    }),
  }))
  await service.post({ zulip_message: 'Fix the export test', codex_prompt: `${OUTPUT}\nexit 1` })
  await verdict(page)
    .getByText(/^Exited 1/)
    .waitFor()
  // Only the details are changed, not what events say.
  await page.reload()
  await page.getByText('401 Unauthorized').waitFor()
  await page.getByText('End of the log.').waitFor()
  await show(t, watched, '05-failed')

  await service.post({ zulip_message: 'Make the kernel exact', codex_prompt: `${OUTPUT}\nsleep 300` })
  await verdict(page)
    .getByText(/^Running/)
    .waitFor()
  await lines(page).nth(60).waitFor()
  await show(t, watched, '03-live')

  await change(page, PLAN, (answer, { plan }) => {
    if (plan !== true) return answer
    const planned = JSON.parse(JSON.stringify(answer.plan))
    planned.stop.push({
      pid: 4242,
      run_id: null,
      name: null,
      age_seconds: 11_000,
      command: "codex exec 'Tidy up'",
      stoppable: true,
    })
    return { ...answer, plan: planned }
  })
  await newRun(page).click()
  await page.getByLabel('Message', { exact: true }).fill('Start over')
  await page.getByRole('button', { name: 'Stop and start' }).waitFor()
  await show(t, watched, '07-form-will-stop')
  await cancel(page).click()

  await page.goto(`${service.url}/#/runs/20260101-000000-0000`)
  await page.getByText('There is no run').waitFor()
  await show(t, watched, '17-unknown')
  await page.goto(`${service.url}/#/`)
  await verdict(page)
    .getByText(/^Running/)
    .waitFor()

  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByRole('button', { name: 'Stop it' }).click()
  await page.locator('.toast').waitFor()
  // It goes by itself after a while.
  await page.locator('.toast').evaluate((toast) => toast.parentElement?.append(toast.cloneNode(true)))
  await show(t, watched, '20-toast')

  await page.reload()
  await verdict(page)
    .getByText(/^Stopped/)
    .waitFor()
  service.child.kill('SIGKILL')
  await page.getByText('reconnecting').waitFor()
  await show(t, watched, '13-lost', 'State')
  await show(t, watched, '13-lost-log')
})

t.test('the history', { skip }, async (t) => {
  const { service } = await startService(t, { LOOPER_AUTO_START_WHEN_IDLE: '0' })
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  const runs = manyRuns(Date.now(), 24)
  await page.route(/\/runs\/run-\d+$/, async (route) => {
    const run = runs.find(({ run_id }) => route.request().url().endsWith(`/${run_id}`))
    await route.fulfill({ json: { ...run, prompt: 'Say hello', binary: 'codex', command: null } })
  })
  await page.route(RUNS, async (route) => {
    const outcome = new URL(route.request().url()).searchParams.get('outcome')
    const found = runs.filter(
      (run) => !outcome || (outcome === 'failed' ? run.failed : run.outcome === outcome),
    )
    await route.fulfill({ json: { runs: found, next_cursor: null } })
  })
  await page.reload()
  await page.getByRole('heading', { name: 'Yesterday' }).waitFor()
  await page.evaluate('location.hash = "#/runs/run-4"')
  await page.getByText('This is a past run.').waitFor()
  await show(t, watched, '10-history', 'Runs')
  await page.getByLabel('Show runs by outcome').selectOption('failed')
  await page.locator('.runs a', { hasText: 'replaced' }).first().waitFor({ state: 'detached' })
  await show(t, watched, '11-filter-failed', 'Runs')
  await page.getByLabel('Show runs by outcome').selectOption('stalled')
  await page.getByText('No runs with the outcome').waitFor()
  await show(t, watched, '12-no-results', 'Runs')

  await change(page, STATUS, (status) => ({
    ...status,
    findings: FINDINGS.slice(1),
    autopoll: {
      enabled: true,
      paused: false,
      next_at: new Date(Date.now() + 60_000).toISOString(),
      would_skip: `3 runs in a row failed or ended at once; the next is due at ${new Date(Date.now() + 700_000).toISOString()}`,
    },
    notice: {
      kind: 'zulip',
      route: 'site=https://chat.example.org stream=agents topic=runs',
      problem: null,
      last: { at: new Date().toISOString(), ok: true, output: 'id 4711' },
    },
    outbox: { pending: 3, given_up: 1, oldest_pending_at: new Date(Date.now() - 600_000).toISOString() },
  }))
  await page.reload()
  await page.getByText(/^waits until/).waitFor()
  await show(t, watched, '18-state', 'State')
  await page.unroute(STATUS)
  await change(page, STATUS, (status) => ({
    ...status,
    autopoll: {
      enabled: true,
      paused: true,
      next_at: null,
      would_skip: 'paused: 5 runs in a row failed or ended at once; POST /run resumes',
    },
  }))
  await page.reload()
  await page.getByRole('button', { name: 'Resume autopoll' }).waitFor()
  await show(t, watched, '19-autopoll-paused', 'State')
})

t.test('tokens', { skip }, async (t) => {
  const { service } = await startService(t, { LOOPER_API_TOKEN: 'right-token', LOOPER_HOST: '127.0.0.1' })
  await service.post(
    { zulip_message: 'Make the kernel exact', codex_prompt: OUTPUT },
    { authorization: 'Bearer right-token' },
  )
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  await page.getByLabel('Token').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The service does not know this token.').waitFor()
  await show(t, watched, '15-token-wrong')
  await refuse(page, STATUS, 401, { code: 'LOOPER_TOKEN_EXPIRED', error: 'this token has expired' })
  await page.getByLabel('Token').fill('old')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('This token has expired.').waitFor()
  await show(t, watched, '14-token-expired')
  await page.unroute(STATUS)
  await change(page, STATUS, (status) => ({ ...status, token: { name: 'wall', scope: 'read' } }))
  await page.getByLabel('Token').fill('right-token')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Read only').waitFor()
  await page.getByText('End of the log.').waitFor()
  await show(t, watched, '16-token-read')
})

t.test('a transcript', { skip }, async (t) => {
  const { service, workspace } = await startService(t)
  const events = [
    ...BEGIN,
    text('I look at the test first.\n\n```sh\ncargo test -p kernel\n```'),
    call('1', 'cargo test -p kernel'),
    result('1', 'cargo test -p kernel', 'test exact ... ok\n'.repeat(40)),
    result('2', 'ls /nowhere', 'no such directory', false),
    text('Fixed in `boolean.rs`, as https://example.org/issue tells.\n\n- **one** thing\n- another'),
    { type: 'error', message: 'Reconnecting... 1/5 (stream disconnected)' },
    END,
    call('3', 'cargo build --release'),
  ]
  const prompt = `${saying(workspace, 'said', events)}; sleep 300`
  await service.post({ zulip_message: 'Fix the test', codex_prompt: prompt })
  const watched = await open(await openBrowser(t), service.url)
  const { page } = watched
  await page.locator('.call.started').waitFor()
  await page.locator('.call summary').first().click()
  await show(t, watched, '26-transcript')
})
