import { renameSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import t from 'tap'
import { until } from '../test/helpers/service.ts'
import { lines, open, openBrowser, skip, startService } from './browser.ts'

/** The header of a log has four lines. */
const HEADER = 4
const box = (page: Page) => page.locator('.lines')
const line = (page: Page, number: number) => page.locator(`.line[data-number="${number}"]`)
const chosen = (page: Page) =>
  page.locator('.line.chosen').evaluateAll((all) => all.map((one) => one.dataset.number))
const inSight = (page: Page, number: number) =>
  line(page, number).evaluateAll(([one]) => {
    const within = one?.closest('.lines')?.getBoundingClientRect()
    const place = one?.getBoundingClientRect()
    return !!within && !!place && place.top >= within.top - 1 && place.bottom <= within.bottom + 1
  })
const COUNTED = `seq 1 100000 | sed 's/.*/this is output & of a long log, and nothing else is said in it/'; echo the end`

t.test(
  'a long log: search, jumps, links to lines, and what is before and behind them',
  { skip },
  async (t) => {
    const { service } = await startService(t)
    const { body } = await service.post({ zulip_message: 'Long', codex_prompt: `${COUNTED}; sleep 300` })
    const { run_id } = body
    const browser = await openBrowser(t)
    const { page, faults, shoot } = await open(browser, service.url)
    await page.getByText('the end', { exact: true }).waitFor()
    t.ok((await lines(page).count()) < 5500)

    await t.test('a search finds what is not loaded, and goes there', async (t) => {
      await page.keyboard.press('/')
      await page.keyboard.type('output 777')
      await page.locator('.count', { hasText: /^111$/ }).waitFor()
      await page.keyboard.press('Enter')
      await page.getByText('1 of 111').waitFor()
      await until('the first match', () => inSight(page, 777 + HEADER))
      await page.getByRole('button', { name: 'Follow', pressed: false }).waitFor()
      await page.keyboard.press('Shift+Enter')
      await page.getByText('111 of 111').waitFor()
      await until('the last match', () => inSight(page, 77_799 + HEADER))
      await page.keyboard.press('Enter')
      const began = performance.now()
      await until('the first one again', () => inSight(page, 777 + HEADER))
      t.ok(performance.now() - began < 5000)
      t.equal(await page.evaluate("CSS.highlights.get('here').size"), 1)
      await shoot('log-search')
      await page.keyboard.press('Escape')
    })

    await t.test('what is earlier comes above, and the line that is read stays', async (t) => {
      await page.evaluate(`location.hash = '#L50004'`)
      await until('the line', () => inSight(page, 50_004))
      await page.evaluate(`location.hash = ''`)
      const first = Number(await lines(page).first().getAttribute('data-number'))
      await box(page).evaluate((one) => {
        one.scrollTop = 0
      })
      const top = (number: number) => line(page, number).evaluate((one) => one.getBoundingClientRect().top)
      const before = await top(first)
      await page.getByRole('button', { name: 'Load earlier' }).click()
      await until('earlier lines', async () => (await line(page, first - 1).count()) === 1)
      await until('it in its place', async () => Math.abs((await top(first)) - before) < 40)
      for (let more = 0; more < 3; more++) {
        await box(page).evaluate((one) => {
          one.scrollTop = 0
        })
        const begin = Number(await lines(page).first().getAttribute('data-number'))
        await page.getByRole('button', { name: 'Load earlier' }).click()
        await until('still earlier ones', async () => (await line(page, begin - 1).count()) === 1)
        t.ok((await lines(page).count()) <= 5200, 'and later ones go for them')
      }
    })

    await t.test('what is later comes below, up to the end, which is followed', async (t) => {
      const last = () => lines(page).last().getAttribute('data-number').then(Number)
      const before = await last()
      await page.getByRole('button', { name: 'Load later' }).click()
      await until('later lines', async () => (await last()) > before)
      const numbers = await lines(page).evaluateAll((all) => all.map((one) => Number(one.dataset.number)))
      t.ok(
        numbers.every((number, index) => index === 0 || number === Number(numbers[index - 1]) + 1),
        'no line is missing, and none is there twice',
      )
      await page.getByRole('button', { name: 'Jump to the end' }).click()
      await page.getByText('the end', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Follow', pressed: true }).waitFor()
    })

    await t.test('a jump to any line, and a search, are quick once the lines are counted', async (t) => {
      const took: number[] = []
      for (const number of [50_000, 10, 99_000, 25_000, 75_000])
        took.push(
          await page.evaluate((wanted) => {
            const began = performance.now()
            location.hash = `#L${wanted}`
            return new Promise<number>((done) => {
              const look = () => {
                const one = document.querySelector(`.line.chosen[data-number="${wanted}"]`)
                const box = one?.closest('.lines')?.getBoundingClientRect()
                const top = one?.getBoundingClientRect().top
                if (box && top !== undefined && top >= box.top && top < box.bottom)
                  done(performance.now() - began)
                else requestAnimationFrame(look)
              }
              look()
            })
          }, number),
        )
      const searched = await page.evaluate(async (url) => {
        const began = performance.now()
        await (await fetch(url)).json()
        return performance.now() - began
      }, `runs/${run_id}/log/search?q=output%2099999`)
      const [median = Number.POSITIVE_INFINITY] = took.toSorted((a, b) => a - b).slice(2)
      const all = took.map((ms) => Math.round(ms)).join(', ')
      t.comment(`jumps: ${all} ms; a search: ${Math.round(searched)} ms`)
      // The goals are 100 and 300 ms; a machine that does much else at the same time needs longer.
      t.ok(median < 2000, `a jump takes ${median} ms`)
      t.ok(searched < 4000, `a search takes ${searched} ms`)
      await page.evaluate(`location.hash = ''`)
    })

    await t.test('a link to lines opens there, whatever is loaded, and again after a reload', async (t) => {
      const linked = await open(browser, `${service.url}/#/runs/${run_id}#L30000-L30002`)
      await until('the lines', () => inSight(linked.page, 30_001))
      t.same(await chosen(linked.page), ['30000', '30001', '30002'])
      await linked.page.reload()
      await until('the lines again', () => inSight(linked.page, 30_001))
      t.same(await chosen(linked.page), ['30000', '30001', '30002'])
      await linked.page.goto(`${service.url}/#L12`)
      await until('a line of the run that is shown', () => inSight(linked.page, 12))
      await linked.page.evaluate(`location.hash = '#L99999999'`)
      await linked.page.getByText(/^The log has 100,0\d\d lines/).waitFor()

      const { page: shared } = linked
      await line(shared, 14).locator('.number').click()
      t.match(shared.url(), new RegExp(`#/runs/${run_id}#L14$`))
      await line(shared, 11)
        .locator('.number')
        .click({ modifiers: ['Shift'] })
      t.match(shared.url(), new RegExp(`#/runs/${run_id}#L11-L14$`))
      // The browser tells of the new address a moment later.
      await until('the lines are chosen', async () => (await chosen(shared)).join() === '11,12,13,14')
      await shared.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await shared.getByRole('button', { name: 'Copy', exact: true }).click()
      await shared.getByText('Copied').waitFor()
      const lines = [7, 8, 9, 10].map(
        (number) => `this is output ${number} of a long log, and nothing else is said in it\n`,
      )
      t.equal(await shared.evaluate('navigator.clipboard.readText()'), lines.join(''))
      await shared.evaluate(() => {
        const range = document.createRange()
        range.setStart(document.querySelector('.line[data-number="15"]') ?? document, 0)
        range.setEndAfter(document.querySelector('.line[data-number="16"]') ?? document)
        getSelection()?.removeAllRanges()
        getSelection()?.addRange(range)
      })
      await shared.keyboard.press('Control+c')
      const selected = String(await shared.evaluate('navigator.clipboard.readText()'))
      t.match(selected, /^this is output 11 [^\n]*\nthis is output 12 [^\n]*\n?$/, 'without its numbers')
      await linked.shoot('log-lines')
      t.same(linked.faults, [])
    })
    t.same(faults, [])
  },
)

t.test('addresses can be followed, and only those that lead where they seem to', { skip }, async (t) => {
  const { service } = await startService(t)
  await service.post({
    zulip_message: 'Links',
    codex_prompt: `printf '%s\\n' 'see (https://a.example/x?y=1).' 'https://good.example@evil.example/' 'javascript:alert(1)'; printf 'https://\\320\\260pple.com\\nhttps://b.example/\\033[31mred\\033[0m \\n'; sleep 300`,
  })
  const { page, faults } = await open(await openBrowser(t), service.url)
  const links = page.locator('.line:not([data-number="3"]) a.out')
  await until('the links', async () => (await links.count()) === 2)
  t.same(await links.allInnerTexts(), ['https://a.example/x?y=1', 'https://b.example/red'])
  for (const link of await links.all()) {
    t.equal(await link.getAttribute('rel'), 'noopener noreferrer')
    t.equal(await link.getAttribute('target'), '_blank')
  }
  t.same(faults, [])
})

t.test(
  'an hour of output leaves memory and page as large as after its first minutes',
  { skip },
  async (t) => {
    const { service, workspace } = await startService(t)
    // An hour of twenty lines a second, with colours and progress, as fast as a page can take it.
    const minutes = 60
    const minute = `i=0; while [ $i -lt 10 ]; do i=$((i+1)); printf '\\r\\033[Kprogress %s' $i; done; echo
    seq 1 1200 | sed "s/.*/\\x1b[36mminute $m\\x1b[0m line & of some output that an agent writes/"; echo "minute $m is over"`
    await service.post({
      zulip_message: 'An hour',
      codex_prompt: `m=0; while [ $m -lt ${minutes} ]; do m=$((m+1)); while [ $m -gt "$(cat until 2>/dev/null || echo 0)" ]; do sleep 0.02; done; ${minute}; done; sleep 300`,
    })
    const { page, faults } = await open(await openBrowser(t), service.url)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    await page.getByText(/^Running for/).waitFor()
    const seen: { minute: number; heapMb: number; nodes: number; lines: number }[] = []
    for (const at of [10, 20, 30, 40, 50, 60]) {
      writeFileSync(`${workspace}/until.new`, String(at))
      renameSync(`${workspace}/until.new`, `${workspace}/until`)
      await page.getByText(`minute ${at} is over`, { exact: true }).waitFor()
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100))))
      await cdp.send('HeapProfiler.collectGarbage')
      await cdp.send('HeapProfiler.collectGarbage')
      const { metrics } = await cdp.send('Performance.getMetrics')
      const metric = (wanted: string) => metrics.find(({ name }) => name === wanted)?.value ?? 0
      seen.push({
        minute: at,
        heapMb: Math.round(metric('JSHeapUsedSize') / 104_857.6) / 10,
        nodes: metric('Nodes'),
        lines: await lines(page).count(),
      })
    }
    t.comment(JSON.stringify(seen))
    const [first, ...rest] = seen
    for (const { minute: at, heapMb, nodes, lines: drawn } of rest) {
      t.ok(heapMb < Number(first?.heapMb) * 1.25 + 1, `minute ${at}: ${heapMb} MB`)
      t.ok(nodes < Number(first?.nodes) * 1.25, `minute ${at}: ${nodes} nodes`)
      t.ok(drawn <= 5200, `minute ${at}: ${drawn} lines`)
    }
    t.same(faults, [])
  },
)

t.test('the time of each line is shown where it was noted', { skip }, async (t) => {
  const { service } = await startService(t, { LOOPER_LOG_TIMES: '1' })
  await service.post({ zulip_message: 'Times', codex_prompt: 'echo one; sleep 300' })
  const { page, faults } = await open(await openBrowser(t), service.url)
  await page.getByRole('button', { name: 'Time' }).click()
  const at = () => line(page, HEADER + 1).getAttribute('data-time')
  await until('its time', async () => /^\d\d:\d\d:\d\d$/.test(String(await at())))
  t.same(faults, [])
})
