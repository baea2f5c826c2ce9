import { existsSync, mkdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { PROJECT, startTestService, type TestService } from '../test/helpers/service.ts'

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-smooth-scrolling',
]
const SHOTS = path.join(os.tmpdir(), 'looper-screenshots')

/** Why there is nothing to test with, or false. */
export const skip = existsSync(CHROMIUM) ? false : `there is no Chromium at ${CHROMIUM} (CHROMIUM_PATH)`

/** A page under watch. */
export interface Watched {
  readonly page: Page
  /** What it must never have done: asked another host, broken its policy, thrown, opened a dialog. */
  readonly faults: string[]
  /** Saves what can be seen, for people to look at. */
  shoot(name: string): Promise<void>
}

/** Starts the browser, without some of its usual flags; the test ends it. */
export async function openBrowser(test: Test, without: string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ARGS,
    ignoreDefaultArgs: without,
  })
  test.teardown(() => browser.close())
  return browser
}

/** Opens an address in a fresh profile. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const faults: string[] = []
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== new URL(url).origin)
      faults.push(request.url())
  })
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    // A refusal that a test asks for is told there, too; a broken policy reads otherwise.
    const isExpected = /^Failed to load resource/.test(message.text())
    if (message.type() === 'error' && !isExpected) faults.push(message.text())
  })
  await page.goto(url)
  return {
    page,
    faults,
    async shoot(name) {
      mkdirSync(SHOTS, { recursive: true })
      await page.screenshot({ path: path.join(SHOTS, `${name}.png`) })
    },
  }
}

/** Starts a service whose agent runs its prompt as shell code; the test ends it. */
export async function startService(
  test: Test,
  settings: NodeJS.ProcessEnv = {},
  files: Record<string, string> = {},
): Promise<{ service: TestService; workspace: string; restart(): Promise<TestService> }> {
  const dir = test.testdir({ workspace: {}, logs: {}, ...files })
  const workspace = path.join(dir, 'workspace')
  const begin = (port: string) =>
    startTestService(path.join(dir, 'logs'), {
      LOOPER_PORT: port,
      CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
      LOOPER_WORKSPACE: workspace,
      LOOPER_AUTO_START_WHEN_IDLE: '0',
      LOOPER_MIN_FREE_MB: '0',
      ...settings,
    })
  const service = await begin('0')
  test.teardown(() => service.stop())
  return {
    service,
    workspace,
    /** A new one in place of one that is dead. */
    async restart() {
      const next = await begin(new URL(service.url).port)
      test.teardown(() => next.stop())
      return next
    },
  }
}

/** Fills in the form, as a user would, and starts the run. */
export async function startRun(page: Page, message: string, prompt: string): Promise<void> {
  await page.getByRole('button', { name: 'New run' }).click()
  await page.getByLabel('Message', { exact: true }).fill(message)
  await page.getByLabel('Prompt', { exact: true }).fill(prompt)
  await page.locator('[data-part="start"]').click()
}

/** The lines of the log that are drawn. */
export const lines = (page: Page) => page.locator('.line')
/** What the run that is shown is called. */
export const title = (page: Page) => page.locator('#run-title')
/** What the page says of the run that is shown. */
export const verdict = (page: Page) => page.locator('[data-part="verdict"]')
