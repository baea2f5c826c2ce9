import { once } from 'node:events'
import { bench } from './frame/bench.ts'
import { atLeast, seen } from './frame/report.ts'
import { startBare, startLooper, writeAgent } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * Requests a second for `/health`, and for a `POST /run` that is answered 409 because the slot is held: Looper beside
 * the same routes of a Fastify app that has nothing else, in turn. Looper logs each request, as it does by default.
 *
 * usage: node bench/requests.ts [--quick]
 */

async function slotTaken(url: string): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    if (/^looper_slot_held 1$/m.test(metrics)) return
  }
}

await bench('requests', 'Requests a second, Looper beside a bare Fastify app', async (run) => {
  const milliseconds = run.isQuick ? 200 : 2000
  const agent = writeAgent(run, '#!/bin/sh\n')
  const looper = await startLooper(run, { CODEX_EXEC_BINARY: agent })
  const bare = await startBare(run)
  const body = JSON.stringify({ zulip_message: 'bench', codex_prompt: 'x', workspace: run.dir })

  async function rate(url: string, method: 'GET' | 'POST', status: number): Promise<number> {
    const load = run.fork('load.ts', [
      url,
      method,
      String(status),
      String(milliseconds),
      ...(method === 'POST' ? [body] : []),
    ])
    const answered = once(load, 'message')
    const failed = once(load, 'exit').then(([code]) => {
      if (code !== 0) throw new Error(`the load ended with ${code}`)
      return answered
    })
    const [perSecond] = await Promise.race([answered, failed])
    await failed
    return Number(perSecond)
  }

  // It holds the slot until the bench ends.
  const held = fetch(`${looper.url}/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...JSON.parse(body), codex_exec_delay_seconds: 3600 }),
  }).then(({ status }) => {
    throw new Error(`who should hold the slot was answered ${status}`)
  })
  held.catch(() => undefined)
  await Promise.race([held, slotTaken(looper.url)])

  const rows = []
  for (const { name, route, method, status } of [
    { name: '/health', route: '/health', method: 'GET', status: 200 },
    { name: 'busy 409', route: '/run', method: 'POST', status: 409 },
  ] as const) {
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = -1; round < (run.isQuick ? 1 : 7); round++) {
      const [one, other] = [
        await rate(looper.url + route, method, status),
        await rate(bare.url + route, method, status),
      ]
      if (round < 0) continue
      ours.push(one)
      theirs.push(other)
    }
    rows.push(seen(`${name}: Looper`, median(ours), '1/s'))
    rows.push(seen(`${name}: bare Fastify app`, median(theirs), '1/s'))
    rows.push(
      atLeast(`${name}: Looper against the bare Fastify app`, (100 * median(ours)) / median(theirs), '%', 80),
    )
  }
  return rows
})
