import { once } from 'node:events'
import { bench } from './frame/bench.ts'
import { atLeast, seen } from './frame/report.ts'
import { startLooper, startWebhook, writeAgent } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * Requests a second for `/health`, and for a `POST /run` that is answered 409 because the slot is held: Looper beside
 * Debian's `webhook`, in turn. Its own answer to who asks whether it is there is `/`; a hook whose rules are not met is
 * answered 409. Both log each request.
 *
 * usage: node bench/requests.ts [--quick]
 */

async function slotTaken(url: string): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    if (/^looper_slot_held 1$/m.test(metrics)) return
  }
}

await bench('requests', 'Requests a second, Looper beside webhook', async (run) => {
  const milliseconds = run.isQuick ? 200 : 2000
  const agent = writeAgent(run, '#!/bin/sh\n')
  const looper = await startLooper(run, { CODEX_EXEC_BINARY: agent })
  const webhook = await startWebhook(run, {
    'execute-command': agent,
    'trigger-rule': {
      match: { type: 'value', value: 'free', parameter: { source: 'payload', name: 'slot' } },
    },
    'trigger-rule-mismatch-http-response-code': 409,
  })
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
  for (const { name, route, peerRoute, method, status } of [
    { name: '/health', route: '/health', peerRoute: '/', method: 'GET', status: 200 },
    { name: 'busy 409', route: '/run', peerRoute: '/hooks/run', method: 'POST', status: 409 },
  ] as const) {
    const ours: number[] = []
    const peers: number[] = []
    for (let round = -1; round < (run.isQuick ? 1 : 7); round++) {
      const one = await rate(looper.url + route, method, status)
      const other = webhook === null ? null : await rate(webhook + peerRoute, method, status)
      if (round < 0) continue
      ours.push(one)
      if (other !== null) peers.push(other)
    }
    rows.push(seen(`${name}: Looper`, median(ours), '1/s'))
    if (webhook === null) continue
    rows.push(seen(`${name}: webhook`, median(peers), '1/s'))
    rows.push(atLeast(`${name}: Looper against webhook`, (100 * median(ours)) / median(peers), '%', 80))
  }
  return rows
})
