import t from 'tap'
import { lines, open, openBrowser, skip, startService, type Watched } from './browser.ts'

const OUTPUT = `
printf '\\033[1mOpenAI Codex\\033[0m\\n--------\\n\\033[1mworkdir:\\033[0m %s\\n--------\\n' "$PWD"
for i in $(seq 1 60); do
  printf '\\033[2m2026-01-02T03:04:%02dZ\\033[0m \\033[36mexec\\033[0m cargo test -p kernel --lib boolean::union\\n' "$i"
  printf '\\033[31merror[E%04d]\\033[0m: mismatched types in \\033[4msrc/kernel/boolean.rs:%d:7\\033[0m\\n' "$i" "$i"
done
sleep 300`

t.test('it looks as it should: light, dark, and on a phone', { skip }, async (t) => {
  const { service } = await startService(t)
  for (const [prompt, seconds] of [
    ['true', 5],
    ['exit 1', 5],
    ['kill -9 $$', 5],
    [OUTPUT, 0],
  ] as const) {
    await service.post({
      zulip_message: 'Make the kernel exact',
      codex_prompt: prompt,
      codex_exec_startup_check_seconds: seconds,
    })
  }
  const browser = await openBrowser(t)
  const phone = {
    viewport: { width: 360, height: 780 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  }
  const looks = {
    light: {},
    dark: { colorScheme: 'dark' },
    phone,
    'phone-dark': { ...phone, colorScheme: 'dark' },
  } as const
  for (const [name, options] of Object.entries(looks)) {
    const watched = await open(browser, service.url, { colorScheme: 'light', ...options })
    await lines(watched.page).nth(60).waitFor()
    t.ok(await fits(watched), `${name}: nothing is wider than the screen`)
    await watched.shoot(name)
    await watched.page.getByRole('button', { name: 'New run' }).click()
    await watched.page.getByLabel('Message', { exact: true }).fill('Again')
    await watched.page.getByLabel('Prompt', { exact: true }).fill('true')
    await watched.page.getByRole('button', { name: 'Preview' }).click()
    await watched.page.locator('.plan h3').waitFor()
    t.ok(await fits(watched), `${name}: the form neither`)
    await watched.shoot(`${name}-form`)
    t.same(watched.faults, [], name)
  }
})

t.test('nothing moves for those who asked for that', { skip }, async (t) => {
  const { service } = await startService(t)
  await service.post({ zulip_message: 'Live', codex_prompt: 'sleep 300' })
  const browser = await openBrowser(t)
  for (const reducedMotion of ['reduce', 'no-preference'] as const) {
    const { page } = await open(browser, service.url, { reducedMotion })
    await page.getByText(/^Running for/).waitFor()
    const moving = await page.evaluate('document.getAnimations().length')
    t.equal(moving === 0, reducedMotion === 'reduce', reducedMotion)
  }
})

async function fits({ page }: Watched): Promise<boolean> {
  return (await page.evaluate('document.documentElement.scrollWidth <= innerWidth')) === true
}
