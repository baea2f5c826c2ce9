import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { chromium } from 'playwright-core'
import { systemClock } from '../src/base/clock.ts'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'

/**
 * Takes the pictures of the page that the README shows, light and dark, into docs/: `node scripts/screenshot.ts`. A real
 * service with a Zulip on loopback; its agent is a script that prints what codex would. Some runs end at once and are
 * moved into the past, and the last one lives, across a restart.
 */

const PROJECT = path.resolve(import.meta.dirname, '..')
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const MAX_BYTES = 100_000
const MINUTE_MS = 60_000

/** The notice, the prompt, and how many minutes ago it began and how long it took; the last one still runs. */
const RUNS = [
  ['Update the dependencies', 'Update all dependencies, one commit each. Keep the tests green.', 1630, 31],
  ['CI failed on main: fix it', 'The workflow below failed on main. Find out why and fix it.', 410, 12],
  ['Search by tag', 'Add a search by tag to the product list, with tests.', 95, 22],
  ['Release notes', 'Write the release notes for 2.4 from the commits since v2.3.', 48, 6],
  ['Make the checkout tests pass', 'Make the failing checkout tests pass. Leave the API as it is.', 7, 0],
] as const

const AGENT = String.raw`#!/bin/sh
for prompt; do :; done
bold() { printf '\033[1m%s\033[0m\n' "$*"; }
tool() { printf '\033[35mexec\033[0m\n\033[1m/bin/bash -lc %s\033[0m in %s\n\033[32m succeeded in %s:\033[0m\n' "'$1'" "$PWD" "$2"; }
printf 'OpenAI Codex v0.169.0\n--------\n\033[1mworkdir:\033[0m %s\n\033[1mmodel:\033[0m gpt-5\n\033[1msandbox:\033[0m workspace-write\n--------\n' "$PWD"
printf '\033[36muser\033[0m\n%s\n\n' "$prompt"
case $prompt in
*workflow*) bold 'I cannot reach the registry from the sandbox.'; exit 1 ;;
*checkout*)
  printf '\033[35mcodex\033[0m\nI run the tests first, to see what fails.\n\n'
  tool 'npm test -- checkout' 4.2s
  printf '\033[31m✗ applies a voucher only once\033[0m\n    expected 1790, got 1590\n\033[31m✗ rounds the tax per line\033[0m\n    expected 286, got 285\n\033[32m✓ 41 tests passed\033[0m, \033[31m2 failed\033[0m\n\n'
  printf '\033[35mcodex\033[0m\nBoth come from src/checkout/total.ts: the voucher is applied to each line, and the tax is\nrounded once at the end. I change the order of the two steps.\n\n'
  printf '\033[35mfile update\033[0m\nM src/checkout/total.ts\n'
  printf '\033[31m-  const lines = cart.lines.map((line) => withVoucher(line, voucher))\033[0m\n\033[32m+  const lines = cart.lines.map(withTax)\033[0m\n\033[32m+  const total = withVoucher(sum(lines), voucher)\033[0m\n\n'
  tool 'npm test -- checkout' 4.0s
  printf '\033[32m✓ 43 tests passed\033[0m\n\n\033[35mcodex\033[0m\nThe checkout tests pass. Now the whole suite, to see that nothing else depends on the old order.\n\n'
  exec sleep 600 ;;
esac
printf '\033[35mcodex\033[0m\nDone; all tests pass.\ntokens used\n84,210\n'
`

const place = mkdtempSync(path.join(os.tmpdir(), 'looper-'))
const workspace = path.join(place, 'shop')
mkdirSync(path.join(place, 'bin'))
// Codex works in git repositories only.
mkdirSync(path.join(workspace, '.git'), { recursive: true })
writeFileSync(path.join(workspace, '.git/HEAD'), 'ref: refs/heads/main\n')
const agent = path.join(place, 'bin/codex')
writeFileSync(agent, AGENT)
chmodSync(agent, 0o755)
const zulip = await startLoopbackZulip()

async function startLooper() {
  const child = spawn(process.execPath, [path.join(PROJECT, 'src/start.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      HOME: place,
      LOOPER_PORT: '0',
      LOOPER_STOP_SCOPE: 'own',
      LOOPER_WORKSPACE: workspace,
      LOOPER_DEFAULT_PROMPT: 'Carry on with the next open task.',
      LOOPER_AUTO_START_WHEN_IDLE: '0',
      CODEX_EXEC_LOG_DIR: place,
      CODEX_EXEC_BINARY: agent,
      CODEX_EXEC_DELAY_SECONDS: '0',
      CODEX_EXEC_STARTUP_CHECK_SECONDS: '0.3',
      ZULIP_SITE: zulip.url,
      ZULIP_BOT_EMAIL: zulip.account.email,
      ZULIP_BOT_API_KEY: zulip.account.key,
      ZULIP_TOPIC: 'agents',
    },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const url = () => /listens on (\S+)/.exec(output)?.[1]
  while (url() === undefined && child.exitCode === null) await systemClock.sleep(20)
  return { url: url() ?? '', end: (signal: NodeJS.Signals) => endOf(child, signal) }
}

async function endOf(child: ReturnType<typeof spawn>, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

/** Moves what is on the record into the past, as told above. */
function moveBack(): void {
  const ledger = new DatabaseSync(path.join(place, 'looper.db'))
  const columns = ['requested_at', 'announced_at', 'stopped_at', 'launched_at']
  for (const [index, [, , minutesAgo, minutes]] of RUNS.entries()) {
    const earlier = columns.map((column) => `${column} = ${column} - ${minutesAgo * MINUTE_MS}`).join(', ')
    const end = `ended_at = ended_at - ${(minutesAgo - minutes) * MINUTE_MS}`
    ledger.prepare(`UPDATE runs SET ${earlier}, ${end} WHERE seq = ?`).run(index + 1)
  }
  ledger.close()
}

async function shoot(url: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 720 },
      deviceScaleFactor: 2,
      colorScheme,
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    await page.goto(url)
    await page.getByText('Now the whole suite').first().waitFor()
    const devtools = await context.newCDPSession(page)
    for (let quality = 90; ; quality -= 10) {
      const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality })
      const picture = Buffer.from(data, 'base64')
      if (picture.length > MAX_BYTES && quality > 10) continue
      const file = path.join(PROJECT, `docs/page-${colorScheme}.webp`)
      writeFileSync(file, picture)
      console.log(`${path.relative(PROJECT, file)}: ${picture.length} bytes, quality ${quality}`)
      return
    }
  } finally {
    await browser.close()
  }
}

try {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no Chromium at ${CHROMIUM} (CHROMIUM_PATH)`)
  const first = await startLooper()
  for (const [zulip_message, codex_prompt] of RUNS) {
    const response = await fetch(`${first.url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ zulip_message, codex_prompt }),
    })
    // The second one fails at once.
    const expected = codex_prompt.includes('workflow') ? 500 : 200
    const answer = await response.text()
    if (response.status !== expected) throw new Error(`${zulip_message}: ${answer}`)
  }
  // The last run lives on, and the next service follows it.
  await first.end('SIGUSR2')
  moveBack()
  const second = await startLooper()
  try {
    for (const colorScheme of ['light', 'dark'] as const) await shoot(second.url, colorScheme)
  } finally {
    await second.end('SIGTERM')
  }
} finally {
  await zulip.close()
  rmSync(place, { recursive: true, force: true })
}
