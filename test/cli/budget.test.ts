import t from 'tap'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'

t.test('a budget is asked for, and carried to the next run unless it gets another one', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const { url } = service
  const asked = async (...words: string[]) => {
    await runCommand(words, { url })
    return service.asked.at(-1)?.body
  }
  t.match(await asked('run', 'x', '--max-tokens', '2000', '--max-cost-usd', '0.5'), {
    max_tokens: '2000',
    max_cost_usd: '0.5',
  })
  service.add({ max_tokens: 1000, max_cost_usd: null, outcome: 'over_budget', failed: true })
  t.match((await runCommand(['show'], { url })).out, /^outcome +over budget \(failed\)\n/m)
  t.match((await runCommand(['show'], { url })).out, /^budget +1,000 tokens\n/m)
  t.match(await asked('rerun'), { max_tokens: 1000, max_cost_usd: undefined })
  t.match(await asked('rerun', '--max-tokens', '0', '--max-cost-usd', '2'), {
    max_tokens: '0',
    max_cost_usd: '2',
  })
  service.add({ max_tokens: null, max_cost_usd: 5 })
  t.match((await runCommand(['show'], { url })).out, /^budget +\$5\.00\n/m)
  t.match((await runCommand(['run', 'x', '--max-tokens', '-1'], { url })).err, /whole number|argument/)
})
