import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readdirSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { codex } from '../src/agents/codex/codex.ts'
import { linuxTable } from '../src/processes/linux.ts'
import { findStale } from '../src/processes/stale.ts'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { bench, processes } from './frame/bench.ts'
import { atMost, atMostOrSeen, seen } from './frame/report.ts'
import { post, startLooper, startWebhook, writeAgent } from './frame/servers.ts'
import { median, quantile } from './frame/statistics.ts'

/**
 * From sending the request to the agent's first instruction: Looper (a notice to a loopback Zulip, the search for stale
 * agents, the launch) beside Debian's `webhook`, which only starts a command. Both start the same one, in turn.
 *
 * usage: node bench/trigger.ts [--quick]
 */

const CROWDS = [
  { processes: 150, limits: { p50: 10, p95: 15 }, limitOfRatio: 3.5 },
  { processes: 1000, limits: { p50: 15, p95: null }, limitOfRatio: null },
]

/** One for all looks: each keeps what it reads open. */
const table = linuxTable()

/** The search over the whole machine belongs to what is measured, but not where it would find somebody's agents. */
async function isAlone(): Promise<boolean> {
  return findStale(await table.commands(), codex.isRun, new Set()).length === 0
}

await bench('trigger', "From the trigger to the agent's first instruction", async (run) => {
  const zulip = await startLoopbackZulip()
  // A program that says it began before it does anything else.
  const fifo = path.join(run.dir, 'began')
  execFileSync('mkfifo', [fifo])
  const agent = writeAgent(run, `#!/bin/sh\necho >${fifo}\n`)
  const began = new Socket({ fd: openSync(fifo, 'r+'), readable: true, writable: false })
  const scope = !run.isQuick && (await isAlone()) ? 'machine' : 'own'
  run.tell(`Looper's stop scope: ${scope}.`)

  async function oneRun(url: string): Promise<number> {
    const begin = once(began, 'data').then(() => performance.now())
    const sent = performance.now()
    const answer = post(url, { zulip_message: 'bench', codex_prompt: 'x', workspace: run.dir })
    const ms = (await begin) - sent
    await answer
    return ms
  }

  /** Looper still sweeps when the agent has ended; the next round waits for that. */
  async function settled(): Promise<void> {
    const states = path.join(run.dir, 'logs/.runs')
    while (existsSync(states) && readdirSync(states).length > 0) await setTimeout(1)
  }

  const looper = await startLooper(run, {
    LOOPER_STOP_SCOPE: scope,
    CODEX_EXEC_BINARY: agent,
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  })
  const urls = [`${looper.url}/run`]
  const webhook = await startWebhook(run, { 'execute-command': agent, 'command-working-directory': run.dir })
  if (webhook) urls.push(`${webhook}/hooks/run`)

  const rows = []
  for (const { processes: wanted, limits, limitOfRatio } of CROWDS) {
    for (let missing = wanted - processes().length; missing > 0; missing--) {
      run.spawn('sleep', ['3600'], {}, { stdio: 'ignore' })
    }
    const series = urls.map((url) => ({ url, values: [] as number[] }))
    for (let round = run.isQuick ? -1 : -10; round < (run.isQuick ? 3 : 100); round++) {
      for (const { url, values } of series) {
        if (scope === 'machine' && !(await isAlone())) throw new Error("somebody's agent began meanwhile")
        const ms = await oneRun(url)
        await settled()
        if (round >= 0) values.push(ms)
      }
    }
    run.tell(`Processes where ${wanted} were wanted: ${processes().length}.`)
    const [ours, peers] = series.map(({ values }) => values)
    const at = `at ${wanted} processes`
    if (ours === undefined) throw new Error('nothing was measured')
    rows.push(atMost(`Looper ${at}, p50`, median(ours), 'ms', limits.p50))
    rows.push(atMostOrSeen(`Looper ${at}, p95`, quantile(ours, 0.95), 'ms', limits.p95))
    if (peers === undefined) continue
    rows.push(seen(`webhook ${at}, p50`, median(peers), 'ms'))
    rows.push(seen(`webhook ${at}, p95`, quantile(peers, 0.95), 'ms'))
    rows.push(atMostOrSeen(`Looper against webhook ${at}`, median(ours) / median(peers), '×', limitOfRatio))
  }
  return rows
})
